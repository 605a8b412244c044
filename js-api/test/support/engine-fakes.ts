// Stand-ins for what a Session holds: the engine, and the ports to other workers.
import type { EngineOutputs } from '../../src/engine/engine';
import type { EncodedFrame, JoinRequest, PublishRequest } from '../../src/engine/messages';

/** Notes what is asked of it; `wants` is what poll hands out next. */
export class FakeEngine {
  readonly calls: string[] = [];
  readonly roundTrips: number[] = [];
  wants: ((outputs: EngineOutputs) => void)[] = [];

  private note(name: string, ...args: unknown[]): void {
    this.calls.push([name, ...args].join(' '));
  }
  destroy = () => this.note('destroy');
  receive = (packet: Uint8Array) => this.note('receive', packet.byteLength);
  addAudioSender = (ssrc: number, channels: number) => this.note('addAudioSender', ssrc, channels);
  addVideoSender = (ssrc: number, codec: number) => this.note('addVideoSender', ssrc, codec);
  removeSender = (ssrc: number) => this.note('removeSender', ssrc);
  pushAudio = (ssrc: number, _s: Float32Array, frames: number) =>
    this.note('pushAudio', ssrc, frames);
  setAudioMuted = (ssrc: number, muted: boolean) => this.note('setAudioMuted', ssrc, muted);
  sendFrame = (ssrc: number, { data }: { data: ArrayBuffer }) =>
    this.note('sendFrame', ssrc, data.byteLength);
  addAudioReceiver = (ssrc: number, group: number) => this.note('addAudioReceiver', ssrc, group);
  addVideoReceiver = (ssrc: number, codec: number) => this.note('addVideoReceiver', ssrc, codec);
  requestKeyframe = (ssrc: number) => this.note('requestKeyframe', ssrc);
  removeReceiver = (ssrc: number) => this.note('removeReceiver', ssrc);
  setPlayoutDelay = (min: number, max: number) => this.note('setPlayoutDelay', min, max);
  setRoundTrip = (ms: number) => this.roundTrips.push(ms);
  /** What congestion control would say, and what it was told. */
  target = 1e9;
  wanted = 0;
  queueDelayMs = 0;
  pathChanged = () => this.note('pathChanged');
  targetBitrate = () => this.target;
  setWantedBitrate = (bitsPerSecond: number) => void (this.wanted = bitsPerSecond);
  setLocalQueueDelay = (delayMs: number) => void (this.queueDelayMs = delayMs);
  pullAudio = () => ({ samples: new Float32Array(480), channels: 1 });
  poll = (_now: number, outputs: EngineOutputs) => {
    for (const want of this.wants.splice(0)) want(outputs);
  };
  nextWakeup = () => Infinity;
  senderStats = () => undefined;
  receiverStats = () => undefined;
}

/** What an encode worker sends: a frame of `bytes`, without temporal layers. */
export const encodedFrame = (bytes: number, keyframe: boolean, encoding = 0): EncodedFrame => ({
  encoding,
  data: new ArrayBuffer(bytes),
  keyframe,
  temporalId: -1,
  captureMs: 0,
});

/** One end of a channel that the test holds the other end of. */
export class FakePort {
  readonly posted: unknown[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  closed = false;
  postMessage(message: unknown): void {
    this.posted.push(message);
  }
  close(): void {
    this.closed = true;
  }
  send(data: unknown): void {
    this.onmessage?.({ data });
  }
  get port(): MessagePort {
    return this as unknown as MessagePort;
  }
}

export const joinRequest: JoinRequest = {
  url: 'wss://gateway/rtc/v1',
  transport: 'auto',
  sdkAppId: 1,
  userId: 'anna',
  userSig: 'sig',
  room: { kind: 'number', id: 1 },
  scene: 'rtc',
  role: 'anchor',
  client: 'test',
};

export const videoRequest = (port: FakePort): PublishRequest => ({
  kind: 'video',
  source: 'main',
  codec: 'vp8',
  muted: false,
  channels: 0,
  bitrateBps: 900_000,
  port: port.port,
});

export const audioRequest = (port: FakePort): PublishRequest => ({
  ...videoRequest(port),
  kind: 'audio',
  codec: 'opus',
  channels: 1,
});
