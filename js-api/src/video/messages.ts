import type { Codec } from '../engine/messages';

/** How the encode worker gets its pictures. */
export interface EncoderConfig {
  /** The picture is scaled down to fit, its aspect kept. */
  width: number;
  height: number;
  frameRate: number;
  bitrateBps: number;
  /** Published mirrored. */
  mirror: boolean;
  /** Clockwise. */
  rotation: number;
}

export interface EncoderStats {
  timeMs: number;
  width: number;
  height: number;
  /** Pictures that came, those encoded, and those skipped because the upload was congested; from the start. */
  read: number;
  frames: number;
  skipped: number;
  bytes: number;
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

/** Calls of the page to a decode worker. */
export interface DecodeMethods {
  hasTrackGenerator(args: undefined): boolean;
  load(args: { wasmUrls: Partial<Record<Codec, string>> }): void;
  add(args: { streamId: string; codec: Codec; port: MessagePort; sink: DecodedSink }): void;
  remove(args: { streamId: string }): void;
  stats(args: { streamId: string }): DecoderStats | undefined;
}
export type DecodeEvent =
  | { event: 'size'; streamId: string; width: number; height: number }
  /** Sink 'track': made in the worker (VideoTrackGenerator), shown by the page. */
  | { event: 'track'; streamId: string; track: MediaStreamTrack }
  /** Sink 'frames'. */
  | { event: 'frame'; streamId: string; frame: VideoFrame | ImageData }
  | { event: 'error'; streamId: string; message: string };
