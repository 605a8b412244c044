import { recoveryError } from '../errors/device-error';
import { logger } from '../util/logger';

const log = logger('devices');

export interface TrackWatchHandlers {
  /** Another application took the device, or gave it back. */
  onMuted(muted: boolean): void;
  /** Opens the same device again, or any when the old one is gone. Resolves when captured. */
  recapture(which: 'same' | 'any'): Promise<void>;
  onFailed(error: ReturnType<typeof recoveryError>): void;
}

/** Watches a device's track: when the device goes, another one is tried, now and when one is plugged in. */
export class TrackWatch {
  private readonly abort = new AbortController();

  constructor(
    track: MediaStreamTrack,
    private readonly kind: 'camera' | 'microphone',
    private readonly handlers: TrackWatchHandlers,
  ) {
    const { signal } = this.abort;
    track.addEventListener('mute', () => handlers.onMuted(true), { signal });
    track.addEventListener('unmute', () => handlers.onMuted(false), { signal });
    track.addEventListener('ended', () => void this.recover('any'), { signal });
  }

  stop(): void {
    this.abort.abort();
  }

  async recover(which: 'same' | 'any'): Promise<void> {
    log.warn(`the ${this.kind} ended or stalled; opening ${which === 'same' ? 'it' : 'one'} again`);
    try {
      await this.handlers.recapture(which);
    } catch (cause) {
      if (this.abort.signal.aborted) return;
      this.handlers.onFailed(recoveryError(this.kind, cause));
      this.retryWhenPlugged();
    }
  }

  private retryWhenPlugged(): void {
    const retry = () =>
      void this.handlers
        .recapture('any')
        .catch((error: unknown) => log.info(`the ${this.kind} cannot be opened yet`, error));
    navigator.mediaDevices.addEventListener('devicechange', retry, { signal: this.abort.signal });
  }
}
