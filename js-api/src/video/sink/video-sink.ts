import type { DecodedSink } from '../messages';

/** What a remote video is shown from: a track, or a canvas that the page draws. */
export type VideoContent = MediaStreamTrack | HTMLCanvasElement;

/** A way of getting decoded pictures on the page. */
export interface VideoSink {
  /** For the decode worker. */
  readonly decoded: DecodedSink;
  readonly transfer: Transferable[];
  /** Resolves when there is something to show. */
  readonly content: Promise<VideoContent>;
  /** The stream as a track; null while there is none. */
  track(): MediaStreamTrack | null;
  /** The worker made the track. */
  receiveTrack(track: MediaStreamTrack): void;
  /** The worker sent a picture. Takes it over. */
  receiveFrame(frame: VideoFrame | ImageData): void;
  close(): void;
}
