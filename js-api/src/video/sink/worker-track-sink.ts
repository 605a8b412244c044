import { deferred } from '../../util/deferred';
import type { DecodedSink } from '../messages';
import type { VideoContent, VideoSink } from './video-sink';

/** Safari: the decode worker has a VideoTrackGenerator and sends its track here. */
export class WorkerTrackSink implements VideoSink {
  readonly decoded: DecodedSink = { kind: 'track' };
  readonly transfer: Transferable[] = [];
  private readonly made = deferred<VideoContent>();
  readonly content = this.made.promise;
  private received: MediaStreamTrack | null = null;

  track(): MediaStreamTrack | null {
    return this.received;
  }

  receiveTrack(track: MediaStreamTrack): void {
    this.received = track;
    this.made.resolve(track);
  }

  receiveFrame(frame: VideoFrame | ImageData): void {
    if ('close' in frame) frame.close();
  }

  close(): void {
    this.received?.stop();
  }
}
