import { now } from '../util/clock';
import type { Engine } from './engine';
import { VIDEO_CODEC } from './engine-exports';
import type {
  DecoderReport,
  EnginePart,
  FrameToDecode,
  LayerPreference,
  PlayoutBlock,
  PlayoutRequest,
  SubscribeRequest,
} from './messages';

const BLOCK_MS = 10;
/** A worklet never asks for more at once; a larger number is a mistake. */
const MAX_BLOCKS = 50;
const FRAMES_PER_MS = 48;

/** A second and more of video: a decoder that is so far behind skips to a key frame. */
export const MAX_FRAMES_WAITING = 45;

interface Subscription {
  /** As the page knows it. */
  streamId: string;
  ssrc: number;
  port: MessagePort;
  request: SubscribeRequest;
  /** Frames at the decoder that it has not taken yet. */
  waiting: number;
  /** Frames were dropped: nothing but a key frame makes sense now. */
  needsKeyframe: boolean;
}

/** The remote streams: packets become blocks for playout worklets and frames for decode workers. */
export class Subscriptions {
  /** From the playout worklet to the ear. */
  outputLatencyMs = 0;
  private readonly byId = new Map<string, Subscription>();
  private readonly bySsrc = new Map<number, Subscription>();

  constructor(
    private readonly engine: Engine,
    private readonly pump: () => void,
    private readonly onFailure: (part: EnginePart, error: unknown) => void,
  ) {}

  add(request: SubscribeRequest, ssrc: number, codec: string): void {
    const { streamId, port } = request;
    const subscription = { streamId, ssrc, port, request, waiting: 0, needsKeyframe: false };
    this.byId.set(streamId, subscription);
    this.addReceiver(subscription, codec);
  }

  request(streamId: string): SubscribeRequest | undefined {
    return this.byId.get(streamId)?.request;
  }

  /** Whether there is such a subscription. */
  setPreference(streamId: string, preference: LayerPreference): boolean {
    const request = this.request(streamId);
    if (request) request.preference = preference;
    return request !== undefined;
  }

  /** Subscribed again: the same stream comes under another SSRC. False: it was ended meanwhile. */
  rebind(streamId: string, ssrc: number, codec: string): boolean {
    const subscription = this.byId.get(streamId);
    if (!subscription) return false;
    this.bySsrc.delete(subscription.ssrc);
    this.engine.removeReceiver(subscription.ssrc);
    subscription.ssrc = ssrc;
    this.addReceiver(subscription, codec);
    return true;
  }

  /** Whether there was such a subscription. */
  remove(streamId: string): boolean {
    const subscription = this.byId.get(streamId);
    if (!subscription) return false;
    this.byId.delete(streamId);
    this.bySsrc.delete(subscription.ssrc);
    subscription.port.close();
    this.engine.removeReceiver(subscription.ssrc);
    return true;
  }

  /** A whole frame that is due. */
  deliver(ssrc: number, data: ArrayBuffer, keyframe: boolean, captureMs: number): void {
    const subscription = this.bySsrc.get(ssrc);
    if (!subscription) return;
    if (subscription.waiting >= MAX_FRAMES_WAITING) subscription.needsKeyframe = true;
    if (subscription.needsKeyframe) {
      if (!keyframe || subscription.waiting >= MAX_FRAMES_WAITING) return;
      subscription.needsKeyframe = false;
    }
    subscription.waiting++;
    const frame: FrameToDecode = { data, keyframe, captureMs };
    subscription.port.postMessage(frame, [data]);
  }

  private addReceiver(subscription: Subscription, codec: string): void {
    const { ssrc, port, request } = subscription;
    if (request.kind === 'audio') {
      this.engine.addAudioReceiver(ssrc, request.syncGroup);
      port.onmessage = ({ data }: MessageEvent<PlayoutRequest>) => this.play(ssrc, port, data);
    } else {
      this.engine.addVideoReceiver(ssrc, VIDEO_CODEC[codec] ?? 0, request.syncGroup);
      port.onmessage = ({ data }: MessageEvent<DecoderReport>) => this.report(ssrc, data);
    }
    this.bySsrc.set(ssrc, subscription);
    this.pump();
  }

  private report(ssrc: number, { report }: DecoderReport): void {
    const subscription = this.bySsrc.get(ssrc);
    if (!subscription) return;
    if (report === 'taken') {
      subscription.waiting--;
      // It has caught up: go on where the picture is whole.
      if (subscription.needsKeyframe && subscription.waiting === 0) this.askForKeyframe(ssrc);
    } else {
      this.askForKeyframe(ssrc);
    }
  }

  private askForKeyframe(ssrc: number): void {
    this.engine.requestKeyframe(ssrc);
    this.pump();
  }

  statistics() {
    return [...this.byId.values()].flatMap(({ streamId, ssrc }) => {
      const stats = this.engine.receiverStats(ssrc);
      return stats ? [{ streamId, ...stats }] : [];
    });
  }

  close(): void {
    for (const streamId of [...this.byId.keys()]) this.remove(streamId);
  }

  private play(ssrc: number, port: MessagePort, { blocks, queuedFrames }: PlayoutRequest): void {
    try {
      const time = now();
      const queueMs = queuedFrames / FRAMES_PER_MS;
      for (let i = 0; i < Math.min(blocks, MAX_BLOCKS); i++) {
        const downstreamMs = queueMs + i * BLOCK_MS + this.outputLatencyMs;
        const block: PlayoutBlock = this.engine.pullAudio(ssrc, downstreamMs, time);
        port.postMessage(block, [block.samples.buffer]);
      }
    } catch (error) {
      this.onFailure('audio-decode', error);
    }
    this.pump();
  }
}
