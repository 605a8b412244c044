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
import type { BitrateDemand } from './bitrate-allocation';
import type { UploadGate } from './upload-gate';
import { UploadRate, type RateControlled } from './upload-rate';

/** While the upload is congested its queue is looked at again after this time. */
const CONGESTION_CHECK_MS = 20;

interface Publication extends RateControlled {
  /** As the page knows it. */
  streamId: string;
  /** As the gateway knows it; none while it is to be published again. */
  gatewayId: string | undefined;
  /** One for each encoding. */
  ssrcs: number[];
  request: PublishRequest;
}

/** The local streams: what the capture worklet and the encode workers send goes into the engine. */
export class Publications {
  private readonly byId = new Map<string, Publication>();
  private readonly clock = new DateClock();
  private readonly rate: UploadRate;
  private congested = false;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly engine: Engine,
    private readonly gate: UploadGate,
    private readonly pump: () => void,
    private readonly onFailure: (part: EnginePart, error: unknown) => void,
  ) {
    this.rate = new UploadRate(engine, gate, () => [...this.byId.values()]);
  }

  add(streamId: string, gatewayId: string, ssrcs: number[], request: PublishRequest): void {
    const publication: Publication = {
      ...{ streamId, gatewayId, ssrcs, request: { ...request } },
      demand: demandOf(request),
      limitsBps: [],
      order: (encoding, bitrateBps) =>
        request.port.postMessage({ order: 'bitrate', encoding, bitrateBps } satisfies EncoderOrder),
    };
    this.byId.set(streamId, publication);
    this.addSenders(publication);
    this.rate.changed();
    if (request.kind === 'video' && this.congested)
      request.port.postMessage({ order: 'congested', congested: true } satisfies EncoderOrder);
  }

  /** The session began anew: the gateway knows none of these. */
  unbind(): { streamId: string; request: PublishRequest }[] {
    for (const publication of this.byId.values()) publication.gatewayId = undefined;
    return [...this.byId.values()];
  }

  /** Published again: the same stream goes on under other SSRCs. False: it was ended meanwhile. */
  rebind(streamId: string, gatewayId: string, ssrcs: number[]): boolean {
    const publication = this.byId.get(streamId);
    if (!publication) return false;
    for (const ssrc of publication.ssrcs) this.engine.removeSender(ssrc);
    Object.assign(publication, { gatewayId, ssrcs });
    this.addSenders(publication);
    for (const ssrc of ssrcs) this.orderKeyframe(ssrc);
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
    for (const ssrc of publication.ssrcs) this.engine.removeSender(ssrc);
    this.rate.changed();
  }

  setMuted(streamId: string, muted: boolean): void {
    const publication = this.byId.get(streamId);
    if (!publication) return;
    publication.request.muted = muted;
    const { request, ssrcs } = publication;
    if (request.kind === 'audio') this.engine.setAudioMuted(ssrcs[0] as number, muted);
    publication.demand = demandOf(request);
    this.rate.changed();
  }

  setBitrate(streamId: string, bitrateBps: number): void {
    const publication = this.byId.get(streamId);
    if (!publication) return;
    publication.request.bitrateBps = bitrateBps;
    publication.demand = demandOf(publication.request);
    this.rate.changed();
  }

  /** Everybody needs a whole picture: frames were lost on the way, or never encoded. */
  orderKeyframes(): void {
    for (const { ssrcs } of this.byId.values()) for (const ssrc of ssrcs) this.orderKeyframe(ssrc);
  }

  orderKeyframe(ssrc: number): void {
    for (const { ssrcs, request } of this.byId.values()) {
      const encoding = ssrcs.indexOf(ssrc);
      if (encoding >= 0 && request.kind === 'video')
        request.port.postMessage({ order: 'keyframe', encoding } satisfies EncoderOrder);
    }
  }

  statistics() {
    return [...this.byId.values()].flatMap(({ streamId, ssrcs }) =>
      ssrcs.flatMap((ssrc, encoding) => {
        const stats = this.engine.senderStats(ssrc);
        return stats ? [{ streamId, encoding, ...stats }] : [];
      }),
    );
  }

  close(): void {
    clearTimeout(this.timer);
    for (const streamId of [...this.byId.keys()]) this.remove(streamId);
  }

  private addSenders({ ssrcs, request }: Publication): void {
    const { kind, port, channels, bitrateBps, muted, codec } = request;
    if (kind === 'audio') {
      const [ssrc = 0] = ssrcs;
      this.engine.addAudioSender(ssrc, channels, bitrateBps);
      if (muted) this.engine.setAudioMuted(ssrc, true);
      port.onmessage = ({ data }: MessageEvent<CapturedBlock>) =>
        this.pushAudio(ssrc, channels, data);
    } else {
      for (const ssrc of ssrcs) this.engine.addVideoSender(ssrc, VIDEO_CODEC[codec] ?? 0);
      port.onmessage = ({ data }: MessageEvent<EncodedFrame>) => this.sendFrame(ssrcs, data);
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
    this.rate.poll();
  }

  private sendFrame(ssrcs: number[], frame: EncodedFrame): void {
    const ssrc = ssrcs[frame.encoding];
    // A size that the gateway did not take.
    if (ssrc === undefined) return;
    try {
      this.engine.sendFrame(ssrc, frame, now());
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
    this.rate.poll();
    if (congested) this.timer = setTimeout(() => this.checkCongestion(), CONGESTION_CHECK_MS);
  }
}

/** The sizes of a video are told when it is published; later changes are the big one's. */
function demandOf({ kind, muted, bitrateBps, encodings = [] }: PublishRequest): BitrateDemand {
  const others = encodings.slice(1).map(({ maxBitrateBps }) => maxBitrateBps);
  const big = others.reduce((left, other) => left - other, bitrateBps);
  return { kind, muted, bitratesBps: [Math.max(0, big), ...others] };
}
