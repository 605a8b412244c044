import { now } from '../util/clock';
import type { Engine } from './engine';
import { VIDEO_CODEC } from './engine-exports';
import type {
  DecoderReport,
  FrameToDecode,
  PlayoutBlock,
  PlayoutRequest,
  SubscribeRequest,
} from './messages';

const BLOCK_MS = 10;
/** A worklet never asks for more at once; a larger number is a mistake. */
const MAX_BLOCKS = 50;
const FRAMES_PER_MS = 48;

interface Subscription {
  streamId: string;
  ssrc: number;
  port: MessagePort;
}

/** The remote streams: packets become blocks for playout worklets and frames for decode workers. */
export class Subscriptions {
  /** From the playout worklet to the ear, less what a picture takes to the screen. */
  outputLatencyMs = 0;
  private readonly byId = new Map<string, Subscription>();
  private readonly bySsrc = new Map<number, Subscription>();

  constructor(
    private readonly engine: Engine,
    private readonly pump: () => void,
    private readonly onFailure: (media: 'audio' | 'video', error: unknown) => void,
  ) {}

  add(request: SubscribeRequest, ssrc: number, codec: string): void {
    const { streamId, kind, port, syncGroup } = request;
    if (kind === 'audio') {
      this.engine.addAudioReceiver(ssrc, syncGroup);
      port.onmessage = ({ data }: MessageEvent<PlayoutRequest>) => this.play(ssrc, port, data);
    } else {
      this.engine.addVideoReceiver(ssrc, VIDEO_CODEC[codec] ?? 0, syncGroup);
      port.onmessage = ({ data }: MessageEvent<DecoderReport>) => {
        if (data.report === 'keyframe-needed') this.engine.requestKeyframe(ssrc, now());
        this.pump();
      };
    }
    const subscription = { streamId, ssrc, port };
    this.byId.set(streamId, subscription);
    this.bySsrc.set(ssrc, subscription);
    this.pump();
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
    const frame: FrameToDecode = { data, keyframe, captureMs };
    this.bySsrc.get(ssrc)?.port.postMessage(frame, [data]);
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
      this.onFailure('audio', error);
    }
    this.pump();
  }
}
