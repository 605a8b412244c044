import type { DecodedSink } from '../messages';
import type { VideoContent, VideoSink } from './video-sink';

/** Everywhere else: the page draws each picture; the track is the canvas captured, when it is asked for. */
export class CanvasSink implements VideoSink {
  readonly decoded: DecodedSink = { kind: 'frames' };
  readonly transfer: Transferable[] = [];
  readonly content: Promise<VideoContent>;
  private readonly canvas = document.createElement('canvas');
  private captured: MediaStreamTrack | null = null;

  constructor() {
    this.content = Promise.resolve(this.canvas);
  }

  track(): MediaStreamTrack | null {
    this.captured ??= this.canvas.captureStream().getVideoTracks()[0] ?? null;
    return this.captured;
  }

  receiveTrack(): void {
    // The track is captured from the canvas.
  }

  receiveFrame(frame: VideoFrame | ImageData): void {
    const { canvas } = this;
    const width = 'displayWidth' in frame ? frame.displayWidth : frame.width;
    const height = 'displayHeight' in frame ? frame.displayHeight : frame.height;
    if (canvas.width !== width || canvas.height !== height)
      Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d', { alpha: false });
    if ('close' in frame) {
      context?.drawImage(frame, 0, 0);
      frame.close();
    } else {
      context?.putImageData(frame, 0, 0);
    }
  }

  close(): void {
    this.captured?.stop();
  }
}
