import type { DecodedSink } from '../messages';
import type { VideoContent, VideoSink } from './video-sink';

interface TrackGenerator extends MediaStreamTrack {
  readonly writable: WritableStream<VideoFrame>;
}
declare const MediaStreamTrackGenerator: { new (init: { kind: 'video' }): TrackGenerator };

/** Chromium: the decode worker writes into a MediaStreamTrackGenerator of the page. */
export class GeneratorSink implements VideoSink {
  readonly decoded: DecodedSink;
  readonly transfer: Transferable[];
  readonly content: Promise<VideoContent>;
  private readonly generator = new MediaStreamTrackGenerator({ kind: 'video' });

  constructor() {
    const { writable } = this.generator;
    this.decoded = { kind: 'writable', writable };
    this.transfer = [writable];
    this.content = Promise.resolve(this.generator);
  }

  static get supported(): boolean {
    return 'MediaStreamTrackGenerator' in globalThis;
  }

  track(): MediaStreamTrack {
    return this.generator;
  }

  receiveTrack(): void {
    // The track is the generator itself.
  }

  receiveFrame(frame: VideoFrame | ImageData): void {
    if ('close' in frame) frame.close();
  }

  close(): void {
    this.generator.stop();
  }
}
