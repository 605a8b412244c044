import type { Codec } from '../engine/messages';

/** The picture is scaled down to fit, its aspect kept. */
export interface EncodingConfig {
  width: number;
  height: number;
  frameRate: number;
  bitrateBps: number;
}

/** How the encode worker gets its pictures, and in which sizes they leave. */
export interface EncoderConfig extends EncodingConfig {
  /** A second, smaller one of the same pictures. */
  small?: EncodingConfig;
  /** Published mirrored. */
  mirror: boolean;
  /** Clockwise. */
  rotation: number;
}

export interface EncodingStats {
  width: number;
  height: number;
  /** Pictures encoded, from the start. */
  frames: number;
  bytes: number;
}

export interface EncoderStats extends EncodingStats {
  timeMs: number;
  /** Pictures that came, and those skipped because the upload was congested; from the start. */
  read: number;
  skipped: number;
  small?: EncodingStats;
}

/** Calls of the page to an encode worker. */
export interface EncodeMethods {
  load(args: { wasmUrl: string; config: EncoderConfig }): void;
  configure(args: { config: EncoderConfig }): void;
  /** Frames by a transferred stream, until it ends or another replaces it. */
  readFrom(args: { readable: ReadableStream<VideoFrame> }): void;
  /** Safari's shape: the worker makes the processor. Answers false where it cannot. */
  readTrack(args: { track: MediaStreamTrack }): boolean;
  /** One frame, where streams cannot be transferred. */
  input(args: { frame: VideoFrame }): void;
  /** Pixels of a browser without VideoFrame. */
  inputPixels(args: {
    data: ArrayBuffer;
    width: number;
    height: number;
    timestampMs: number;
  }): void;
  /** Encoded frames go there until disconnect. */
  connect(args: { port: MessagePort }): void;
  disconnect(): void;
  setMuted(args: { muted: boolean }): void;
  /** A picture to send instead of the camera's, or null. */
  setStill(args: { still: ImageBitmap | null }): void;
  stats(): EncoderStats;
  /** Answers after so many milliseconds. */
  wait(args: { ms: number }): void;
}
export interface EncodeEvent {
  event: 'error';
  message: string;
}

/** Where decoded frames go. */
export type DecodedSink =
  | { kind: 'writable'; writable: WritableStream<VideoFrame> }
  | { kind: 'track' }
  | { kind: 'frames' };

export interface DecoderStats {
  width: number;
  height: number;
  frames: number;
  errors: number;
}

/**
 * Calls of the page to a decode worker. `decodingId` is new for each `add`: a stream that is stopped
 * and started again may have two for a moment.
 */
export interface DecodeMethods {
  hasTrackGenerator(args: undefined): boolean;
  load(args: { wasmUrls: Partial<Record<Codec, string>> }): void;
  add(args: { decodingId: string; codec: Codec; port: MessagePort; sink: DecodedSink }): void;
  remove(args: { decodingId: string }): void;
  stats(args: { decodingId: string }): DecoderStats | undefined;
}
export type DecodeEvent =
  | { event: 'size'; decodingId: string; width: number; height: number }
  /** Sink 'track': made in the worker (VideoTrackGenerator), shown by the page. */
  | { event: 'track'; decodingId: string; track: MediaStreamTrack }
  /** Sink 'frames'. */
  | { event: 'frame'; decodingId: string; frame: VideoFrame | ImageData }
  | { event: 'error'; decodingId: string; message: string };
