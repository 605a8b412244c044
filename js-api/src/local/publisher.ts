import type { PublishState } from '../../types/index';
import { EXTRA } from '../constants/error-code';
import { EVENT } from '../constants/event';
import type { EngineFailure, PublishRequest } from '../engine/messages';
import { invalidOperation, type RtcError } from '../errors/rtc-error';
import { sessionError } from '../errors/session-error';
import type { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { RpcError } from '../util/rpc';

/**
 * One local stream's way into the room and out of it; tells PUBLISH_STATE_CHANGED.
 * What it asks of the gateway it asks one after the other: what comes while a publication is under way
 * (a mute, a new bitrate, its end) takes effect once that is settled.
 */
export class Publisher {
  streamId: string | undefined;
  private state: PublishState = 'stopped';
  private turn = 0;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: ClientContext,
    private readonly room: Room,
    private readonly mediaType: 'audio' | 'video',
  ) {}

  get active(): boolean {
    return this.state !== 'stopped';
  }

  /** Throws where publishing will be refused: best known before a device is opened. */
  refuseAudience(functionName: string): void {
    if (this.room.isAudience)
      throw invalidOperation(
        functionName,
        'the audience may not publish',
        EXTRA.AUDIENCE_NOT_ALLOWED,
      );
  }

  /**
   * Rejects with RtcError of `functionName` when the gateway refuses. What is published already stays:
   * `connect`, which takes the port away from what it was connected to, is called only if it is not.
   */
  async publish(connect: () => PublishRequest, functionName: string): Promise<void> {
    this.refuseAudience(functionName);
    if (this.active) return;
    const request = connect();
    const turn = ++this.turn;
    this.change('starting');
    await this.enqueue(async () => {
      if (turn !== this.turn) return;
      try {
        const { streamId } = await this.room.engine.rpc.call('publish', request, [request.port]);
        // Only leaving the room overtakes a publication: the stream went with the room.
        if (turn !== this.turn) return;
        this.streamId = streamId;
        this.change('started');
      } catch (cause) {
        const error = sessionError(cause, functionName);
        if (turn === this.turn) this.change('stopped', { reason: 'error', error });
        throw error;
      }
    });
  }

  /** Peers are told before this resolves; a room that is gone needs no telling. */
  unpublish(): Promise<void> {
    return this.enqueue(async () => {
      const { streamId } = this;
      this.reset();
      if (streamId && this.room.joined)
        await this.room.engine.rpc.call('unpublish', { streamId }).catch(() => undefined);
    });
  }

  setMuted(muted: boolean): Promise<void> {
    return this.enqueue(async () => {
      const { streamId } = this;
      if (streamId) await this.room.engine.rpc.call('updateStream', { streamId, muted });
    });
  }

  setBitrate(bitrateBps: number): void {
    const set = async () => {
      const { streamId } = this;
      if (streamId) await this.room.engine.rpc.call('setVideoBitrate', { streamId, bitrateBps });
    };
    this.enqueue(set).catch(() => undefined);
  }

  /** The gateway does not have the stream any more. */
  lost(cause: EngineFailure): void {
    this.turn++;
    this.streamId = undefined;
    const error = sessionError(new RpcError(cause), '');
    this.change('stopped', { reason: 'error', error });
  }

  /** The room was left. */
  reset(): void {
    this.turn++;
    this.streamId = undefined;
    if (this.active) this.change('stopped', { reason: 'api-call' });
  }

  private enqueue(task: () => Promise<void>): Promise<void> {
    const result = this.queue.then(task);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private change(
    state: PublishState,
    why: { reason?: 'error' | 'api-call'; error?: RtcError } = {},
  ) {
    const prevState = this.state;
    this.state = state;
    const { mediaType } = this;
    this.context.emitter.emit(EVENT.PUBLISH_STATE_CHANGED, { mediaType, state, prevState, ...why });
  }
}
