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
  streamId: string;
  ssrc: number;
  kind: 'audio' | 'video';
  port: MessagePort;
  bitrateBps: number;
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

  add(streamId: string, ssrc: number, request: PublishRequest): void {
    const { kind, port, channels, bitrateBps } = request;
    if (kind === 'audio') {
      this.engine.addAudioSender(ssrc, channels, bitrateBps);
      if (request.muted) this.engine.setAudioMuted(ssrc, true);
      port.onmessage = ({ data }: MessageEvent<CapturedBlock>) =>
        this.pushAudio(ssrc, channels, data);
    } else {
      this.engine.addVideoSender(ssrc, VIDEO_CODEC[request.codec] ?? 0);
      port.onmessage = ({ data }: MessageEvent<EncodedFrame>) => this.sendFrame(ssrc, data);
    }
    this.byId.set(streamId, { streamId, ssrc, kind, port, bitrateBps });
    this.updateBitrate();
    if (kind === 'video' && this.congested)
      port.postMessage({ order: 'congested', congested: true } satisfies EncoderOrder);
  }

  remove(streamId: string): void {
    const publication = this.byId.get(streamId);
    if (!publication) return;
    this.byId.delete(streamId);
    publication.port.close();
    this.engine.removeSender(publication.ssrc);
    this.updateBitrate();
  }

  setMuted(streamId: string, muted: boolean): void {
    const publication = this.byId.get(streamId);
    if (publication?.kind === 'audio') this.engine.setAudioMuted(publication.ssrc, muted);
  }

  setBitrate(streamId: string, bitrateBps: number): void {
    const publication = this.byId.get(streamId);
    if (publication) publication.bitrateBps = bitrateBps;
    this.updateBitrate();
  }

  orderKeyframe(ssrc: number): void {
    for (const publication of this.byId.values()) {
      if (publication.ssrc === ssrc)
        publication.port.postMessage({ order: 'keyframe' } satisfies EncoderOrder);
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
      for (const { kind, port } of this.byId.values())
        if (kind === 'video')
          port.postMessage({ order: 'congested', congested } satisfies EncoderOrder);
    }
    if (congested) this.timer = setTimeout(() => this.checkCongestion(), CONGESTION_CHECK_MS);
  }

  private updateBitrate(): void {
    let sum = 0;
    for (const { bitrateBps } of this.byId.values()) sum += bitrateBps;
    this.gate.setBitrate(sum);
  }
}
