import { DateClock, now } from '../util/clock';
import type { Engine } from './engine';
import { VIDEO_CODEC } from './engine-exports';
import type {
  CapturedBlock,
  EncodedFrame,
  EncoderOrder,
  EnginePart,
  PublishRequest,
} from './messages';
import type { UploadGate } from './upload-gate';

/** While the upload is congested its queue is looked at again after this time. */
const CONGESTION_CHECK_MS = 20;

interface Publication {
  /** As the page knows it. */
  streamId: string;
  /** As the gateway knows it; none while it is to be published again. */
  gatewayId: string | undefined;
  ssrc: number;
  request: PublishRequest;
}

/** The local streams: what the capture worklet and the encode workers send goes into the engine. */
export class Publications {
  private readonly byId = new Map<string, Publication>();
  private readonly clock = new DateClock();
  private congested = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly gate: UploadGate,
    private readonly pump: () => void,
    private readonly onFailure: (part: EnginePart, error: unknown) => void,
  ) {}

  add(streamId: string, gatewayId: string, ssrc: number, request: PublishRequest): void {
    const publication = { streamId, gatewayId, ssrc, request: { ...request } };
    this.byId.set(streamId, publication);
    this.addSender(publication);
    this.updateBitrate();
    if (request.kind === 'video' && this.congested)
      request.port.postMessage({ order: 'congested', congested: true } satisfies EncoderOrder);
  }

  /** The session began anew: the gateway knows none of these. */
  unbind(): { streamId: string; request: PublishRequest }[] {
    for (const publication of this.byId.values()) publication.gatewayId = undefined;
    return [...this.byId.values()];
  }

  /** Published again: the same stream goes on under another SSRC. False: it was ended meanwhile. */
  rebind(streamId: string, gatewayId: string, ssrc: number): boolean {
    const publication = this.byId.get(streamId);
    if (!publication) return false;
    this.engine.removeSender(publication.ssrc);
    Object.assign(publication, { gatewayId, ssrc });
    this.addSender(publication);
    this.orderKeyframe(ssrc);
    return true;
  }

  /** Undefined where the gateway has no such stream, or none yet. */
  gatewayId(streamId: string): string | undefined {
    return this.byId.get(streamId)?.gatewayId;
  }

  remove(streamId: string): void {
    const publication = this.byId.get(streamId);
    if (!publication) return;
    this.byId.delete(streamId);
    publication.request.port.close();
    this.engine.removeSender(publication.ssrc);
    this.updateBitrate();
  }

  setMuted(streamId: string, muted: boolean): void {
    const publication = this.byId.get(streamId);
    if (!publication) return;
    publication.request.muted = muted;
    if (publication.request.kind === 'audio') this.engine.setAudioMuted(publication.ssrc, muted);
  }

  setBitrate(streamId: string, bitrateBps: number): void {
    const publication = this.byId.get(streamId);
    if (publication) publication.request.bitrateBps = bitrateBps;
    this.updateBitrate();
  }

  /** Everybody needs a whole picture: frames were lost on the way, or never encoded. */
  orderKeyframes(): void {
    for (const { ssrc } of this.byId.values()) this.orderKeyframe(ssrc);
  }

  orderKeyframe(ssrc: number): void {
    for (const { ssrc: own, request } of this.byId.values()) {
      if (own === ssrc && request.kind === 'video')
        request.port.postMessage({ order: 'keyframe' } satisfies EncoderOrder);
    }
  }

  statistics() {
    return [...this.byId.values()].flatMap(({ streamId, ssrc }) => {
      const stats = this.engine.senderStats(ssrc);
      return stats ? [{ streamId, ...stats }] : [];
    });
  }

  close(): void {
    clearTimeout(this.timer);
    for (const streamId of [...this.byId.keys()]) this.remove(streamId);
  }

  private addSender({ ssrc, request }: Publication): void {
    const { kind, port, channels, bitrateBps, muted, codec } = request;
    if (kind === 'audio') {
      this.engine.addAudioSender(ssrc, channels, bitrateBps);
      if (muted) this.engine.setAudioMuted(ssrc, true);
      port.onmessage = ({ data }: MessageEvent<CapturedBlock>) =>
        this.pushAudio(ssrc, channels, data);
    } else {
      this.engine.addVideoSender(ssrc, VIDEO_CODEC[codec] ?? 0);
      port.onmessage = ({ data }: MessageEvent<EncodedFrame>) => this.sendFrame(ssrc, data);
    }
  }

  private pushAudio(ssrc: number, channels: number, { samples, dateMs }: CapturedBlock): void {
    try {
      const captureMs = this.clock.toEpoch(dateMs);
      this.engine.pushAudio(ssrc, samples, samples.length / channels, captureMs, now());
    } catch (error) {
      this.onFailure('audio-encode', error);
    }
    this.pump();
  }

  private sendFrame(ssrc: number, { data, keyframe, captureMs }: EncodedFrame): void {
    try {
      this.engine.sendFrame(ssrc, data, keyframe, captureMs, now());
    } catch (error) {
      this.onFailure('video-encode', error);
    }
    this.pump();
    this.checkCongestion();
  }

  /** Tells the encode workers when frames would only wait in the socket. */
  private checkCongestion(): void {
    clearTimeout(this.timer);
    const { congested } = this.gate;
    if (congested !== this.congested) {
      this.congested = congested;
      for (const { request } of this.byId.values())
        if (request.kind === 'video')
          request.port.postMessage({ order: 'congested', congested } satisfies EncoderOrder);
    }
    if (congested) this.timer = setTimeout(() => this.checkCongestion(), CONGESTION_CHECK_MS);
  }

  private updateBitrate(): void {
    let sum = 0;
    for (const { request } of this.byId.values()) sum += request.bitrateBps;
    this.gate.setBitrate(sum);
  }
}
