import type { EncodeClient } from '../encode-client';
import type { FrameSource } from './frame-source';

interface TrackProcessor {
  readonly readable: ReadableStream<VideoFrame>;
}
declare const MediaStreamTrackProcessor: {
  new (init: { track: MediaStreamTrack; maxBufferSize?: number }): TrackProcessor;
};

/** Chromium: a MediaStreamTrackProcessor whose stream is transferred; no frame crosses the main thread. */
export class ProcessorSource implements FrameSource {
  readonly name = 'processor';
  private clone: MediaStreamTrack | undefined;

  static get supported(): boolean {
    return 'MediaStreamTrackProcessor' in globalThis;
  }

  start(track: MediaStreamTrack, encoder: EncodeClient): Promise<void> {
    this.stop();
    // A clone, so that ending the stream is ours to do and leaves the caller's track alone.
    this.clone = track.clone();
    const { readable } = new MediaStreamTrackProcessor({ track: this.clone });
    return encoder.rpc.call('readFrom', { readable }, [readable]);
  }

  stop(): void {
    this.clone?.stop();
    this.clone = undefined;
  }
}
