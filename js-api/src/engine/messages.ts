/** What travels between the page and the engine worker, and between workers. */
import type { TransportName } from './transport';

export interface EngineFailure {
  /** 'server': the gateway refused, with its code; 'network': no way to the gateway; 'engine': our own. */
  kind: 'server' | 'network' | 'engine';
  code: number;
  message: string;
}

export type Kind = 'audio' | 'video';
export type Source = 'main' | 'sub';
export type Codec = 'opus' | 'vp8' | 'vp9';

/** docs/protocol.md §2.1 */
export interface StreamInfo {
  streamId: string;
  kind: Kind;
  source: Source;
  codec: Codec;
  muted: boolean;
  /** Sizes a video is sent in, the big one first; where the publisher told. */
  encodings?: { width: number; height: number }[];
}
export interface UserInfo {
  userId: string;
  streams: StreamInfo[];
}

/** 'auto': whichever connects first, and WebTransport whenever it can be had. */
export type TransportChoice = 'auto' | TransportName;

export interface JoinRequest {
  url: string;
  transport: TransportChoice;
  sdkAppId: number;
  userId: string;
  userSig: string;
  room: { kind: 'number'; id: number } | { kind: 'string'; id: string };
  scene: string;
  role: string;
  client: string;
  playoutDelay?: { min?: number; max?: number };
}
export interface JoinResult {
  sessionId: string;
  serverTimeMs: number;
  users: UserInfo[];
}

export interface PublishRequest {
  kind: Kind;
  source: Source;
  codec: Codec;
  muted: boolean;
  channels: number;
  /** Of all encodings. */
  bitrateBps: number;
  /** Video in two sizes, the big one first. */
  encodings?: { width: number; height: number; maxBitrateBps: number }[];
  /** Audio: blocks of the capture worklet. Video: encoded frames of the encode worker. */
  port: MessagePort;
}

/** Which of a video's sizes to receive, and how large it is shown (pixels of the screen, 0: unknown). */
export interface LayerPreference {
  layer: 'auto' | 'big' | 'small';
  width: number;
  height: number;
}

export interface SubscribeRequest {
  streamId: string;
  kind: Kind;
  syncGroup: number;
  /** Video. */
  preference?: LayerPreference;
  /** Audio: the playout worklet. Video: the decode worker. */
  port: MessagePort;
}

export interface SenderStats {
  packets: number;
  bytes: number;
  frames: number;
  retransmitted: number;
  fractionLost: number;
  rttMs: number;
  audioLevel: number;
  keyframes: number;
}
export interface ReceiverStats {
  packets: number;
  bytes: number;
  lost: number;
  jitterMs: number;
  bufferDelayMs: number;
  targetDelayMs: number;
  frames: number;
  keyframes: number;
  nacks: number;
  plis: number;
  concealedMs: number;
  audioLevel: number;
  framesDropped: number;
  endToEndMs: number;
}
export interface EngineStatistics {
  timeMs: number;
  rttMs: number;
  /** Of the connection in use; none while there is none. */
  transport?: TransportName;
  /** Nothing is heard of the gateway, for longer than any delay. */
  linkDown: boolean;
  bytesSent: number;
  bytesReceived: number;
  /** Media packets dropped before the socket because it was full. */
  packetsDropped: number;
  /** One for each encoding: 0 is the big one. */
  senders: (SenderStats & { streamId: string; encoding: number })[];
  receivers: (ReceiverStats & { streamId: string })[];
}

/** 'changed': other network or one at all; 'woke': the page may have slept; 'closing': it is about to go. */
export type NetworkEvent = 'changed' | 'woke' | 'closing';

/** Calls of the page to the engine worker. */
export interface EngineMethods {
  load(args: { wasmUrl: string }): void;
  /** `stay` is the page's number for this stay in a room; what is told of it carries it. */
  join(args: JoinRequest & { stay: number }): JoinResult;
  leave(): void;
  publish(args: PublishRequest): { streamId: string };
  updateStream(args: { streamId: string; muted: boolean }): void;
  unpublish(args: { streamId: string }): void;
  subscribe(args: SubscribeRequest): void;
  updateSubscription(args: { streamId: string; preference: LayerPreference }): void;
  unsubscribe(args: { streamId: string }): void;
  setOutputLatency(args: { latencyMs: number }): void;
  setVideoBitrate(args: { streamId: string; bitrateBps: number }): void;
  networkEvent(args: { kind: NetworkEvent }): void;
  statistics(): EngineStatistics;
}

/** Notifications of the gateway that reach the page, docs/protocol.md §2.2. */
export type GatewayNotification =
  | { type: 'user-entered'; userId: string }
  | { type: 'user-left'; userId: string; reason: 0 | 1 | 2 | 3 }
  | { type: 'stream-added'; userId: string; stream: StreamInfo }
  | { type: 'stream-updated'; userId: string; stream: StreamInfo }
  | { type: 'stream-removed'; userId: string; streamId: string }
  | { type: 'layer-changed'; streamId: string; layer: 'big' | 'small' | 'none' }
  | { type: 'kicked'; reason: 'kick' | 'banned' | 'room_disband' }
  | { type: 'closing'; reason: string; reconnect?: boolean }
  | { type: 'error'; code: number; message: string };

export type EngineEvent =
  | { event: 'notification'; notification: GatewayNotification }
  | { event: 'connection'; state: LinkState; detail: string }
  /** The gateway does not have this stream of ours any more, and refused to take it again. */
  | { event: 'unpublished'; streamId: string; failure: EngineFailure }
  /** The stay ended without leave(), and no reconnecting helps. */
  | { event: 'closed'; code: number; reason: string }
  | { event: 'failure'; failure: EngineFailure; part: EnginePart };

/** As it reaches the page; without `stay` it is of the worker, whatever it does. */
export type StayEvent = EngineEvent & { stay?: number };

/**
 * The connection was lost and is being sought; one more attempt failed; there is one again; another one has
 * taken over without a gap.
 */
export type LinkState = 'lost' | 'retry' | 'restored' | 'moved';

/** What of the engine failed; 'engine' is all of it. */
export type EnginePart =
  'audio-encode' | 'video-encode' | 'audio-decode' | 'video-decode' | 'engine';

// ---- Ports between workers --------------------------------------------------------------------------

/** Capture worklet → engine worker: 10 ms of interleaved samples; `dateMs` by Date.now(). */
export interface CapturedBlock {
  samples: Float32Array;
  dateMs: number;
}
/** Playout worklet → engine worker. */
export interface PlayoutRequest {
  blocks: number;
  /** Frames of 48 kHz that play before the first of these blocks. */
  queuedFrames: number;
}
/** Engine worker → playout worklet: one 10 ms block, interleaved. */
export interface PlayoutBlock {
  samples: Float32Array;
  channels: number;
}
/** Encode worker → engine worker. */
export interface EncodedFrame {
  /** Which of the sizes: 0 is the big one. */
  encoding: number;
  data: ArrayBuffer;
  keyframe: boolean;
  /** 0 is the base; −1 where there are no layers. */
  temporalId: number;
  captureMs: number;
}
/** Engine worker → encode worker. */
export type EncoderOrder =
  | { order: 'keyframe'; encoding: number }
  | { order: 'congested'; congested: boolean }
  /** Not above this, whatever was configured; Infinity: no limit. */
  | { order: 'bitrate'; encoding: number; bitrateBps: number };
/** Engine worker → decode worker. */
export interface FrameToDecode {
  data: ArrayBuffer;
  keyframe: boolean;
  captureMs: number;
}
/** Decode worker → engine worker. */
export interface DecoderReport {
  /** 'taken': one frame more was looked at, whatever came of it. */
  report: 'keyframe-needed' | 'taken';
}
