import { abortError } from '../errors/rtc-error';
import { deferred, type Deferred } from './deferred';

export type LifeCycleState = 'idle' | 'starting' | 'started' | 'stopping';

export interface LifeCycleActions<S, U> {
  /** Names for messages: `startLocalAudio abort: already start`. */
  names: { start: string; update: string; stop: string };
  start(config: S): Promise<void>;
  update(config: U): Promise<void>;
  stop(): Promise<void>;
  /** Two updates that wait together become one. */
  merge(first: U, second: U): U;
  /** Whether two starts ask for the same. */
  same(first: S, second: S): boolean;
}

interface Waiting<T> extends Deferred {
  config: T;
}

/**
 * The life cycle of start/update/stop that local audio, local video and each remote video share: one
 * action at a time, calls that come meanwhile wait, merge, share a promise or are refused.
 */
export class LifeCycle<S, U> {
  private phase: LifeCycleState = 'idle';
  private running: Promise<void> | undefined;
  private startConfig: S | undefined;
  private starting: Promise<void> | undefined;
  private waitingUpdate: Waiting<U> | undefined;
  private waitingStop: Deferred | undefined;
  private waitingStart: Waiting<S> | undefined;
  private stopping: Promise<void> | undefined;

  constructor(private readonly actions: LifeCycleActions<S, U>) {}

  get state(): LifeCycleState {
    return this.phase;
  }

  start(config: S): Promise<void> {
    const { start, stop } = this.actions.names;
    const abort = (reason: string) => Promise.reject(abortError(start, reason));
    if (this.phase === 'idle') return this.runStart(config);
    if (this.waitingStop && this.phase !== 'stopping') {
      if (!this.actions.same(config, this.startConfig as S)) return this.queueStart(config, abort);
      // What the stop would end is wanted again: keep it.
      this.waitingStop.reject(abortError(stop, 'keep start'));
      this.waitingStop = undefined;
      this.cancelWaitingStart('keep start');
      return this.phase === 'starting' && this.starting ? this.starting : Promise.resolve();
    }
    if (this.phase === 'stopping') return this.queueStart(config, abort);
    return abort(this.phase === 'starting' ? 'already start' : 'already started');
  }

  update(config: U): Promise<void> {
    const abort = (reason: string) => Promise.reject(abortError(this.actions.names.update, reason));
    if (this.phase === 'idle') return abort('not started');
    if (this.phase === 'stopping' || this.waitingStop)
      return abort('update not allowed when stopping');
    if (this.waitingUpdate) {
      this.waitingUpdate.config = this.actions.merge(this.waitingUpdate.config, config);
      return this.waitingUpdate.promise;
    }
    if (this.running) {
      this.waitingUpdate = { config, ...deferred() };
      return this.waitingUpdate.promise;
    }
    return this.run(() => this.actions.update(config));
  }

  stop(): Promise<void> {
    if (this.phase === 'idle') return Promise.resolve();
    if (this.phase === 'stopping') {
      this.cancelWaitingStart('keep stop');
      return this.stopping as Promise<void>;
    }
    if (this.waitingStop) {
      this.cancelWaitingStart('keep stop');
      return this.waitingStop.promise;
    }
    this.cancelWaitingUpdate('keep stop');
    if (!this.running) return this.runStop();
    this.waitingStop = deferred();
    return this.waitingStop.promise;
  }

  private queueStart(config: S, abort: (reason: string) => Promise<never>): Promise<void> {
    if (this.waitingStart) {
      if (this.actions.same(config, this.waitingStart.config)) return abort('already start');
      this.cancelWaitingStart('superseded by another start');
    }
    this.waitingStart = { config, ...deferred() };
    return this.waitingStart.promise;
  }

  private runStart(config: S): Promise<void> {
    this.phase = 'starting';
    this.startConfig = config;
    this.starting = this.run(
      () => this.actions.start(config),
      () => (this.phase = 'started'),
      () => {
        this.phase = 'idle';
        this.waitingUpdate?.reject(abortError(this.actions.names.update, 'start failed'));
        this.waitingUpdate = undefined;
      },
    );
    return this.starting;
  }

  private runStop(): Promise<void> {
    this.phase = 'stopping';
    const idle = () => (this.phase = 'idle');
    this.stopping = this.run(() => this.actions.stop(), idle, idle);
    return this.stopping;
  }

  /** Runs one action, then whatever waits; the caller's promise settles before the next begins. */
  private run(
    action: () => Promise<void>,
    onSuccess?: () => void,
    onFailure?: () => void,
  ): Promise<void> {
    const result = action().then(
      () => {
        onSuccess?.();
      },
      (error: unknown) => {
        onFailure?.();
        throw error;
      },
    );
    const current: Promise<void> = result.then(
      () => this.next(current),
      () => this.next(current),
    );
    this.running = current;
    return result;
  }

  private next(finished: Promise<void>): void {
    if (this.running !== finished) return;
    this.running = undefined;
    if (this.waitingUpdate && this.phase === 'started') {
      const { config, resolve, reject } = this.waitingUpdate;
      this.waitingUpdate = undefined;
      this.run(() => this.actions.update(config)).then(resolve, reject);
    } else if (this.waitingStop) {
      const { resolve, reject } = this.waitingStop;
      this.waitingStop = undefined;
      if (this.phase === 'started') this.runStop().then(resolve, reject);
      else resolve();
      if (this.phase === 'idle') this.startWaiting();
    } else if (this.phase === 'idle') {
      this.startWaiting();
    }
  }

  private startWaiting(): void {
    if (!this.waitingStart) return;
    const { config, resolve, reject } = this.waitingStart;
    this.waitingStart = undefined;
    this.runStart(config).then(resolve, reject);
  }

  private cancelWaitingStart(reason: string): void {
    this.waitingStart?.reject(abortError(this.actions.names.start, reason));
    this.waitingStart = undefined;
  }

  private cancelWaitingUpdate(reason: string): void {
    this.waitingUpdate?.reject(abortError(this.actions.names.update, reason));
    this.waitingUpdate = undefined;
  }
}
