import type { DecodedSink, DecodeEvent } from './messages';
import type { Picture } from './decoder';
import { i420ToRgba } from './i420-to-rgba';
import { packI420 } from './pack-i420';

/** Where one stream's pictures go. */
export interface DecodedOutput {
  write(picture: Picture, timestampUs: number): void;
  close(): void;
}

/** Safari's shape: the track is made in the worker. */
interface VideoTrackGenerator {
  readonly track: MediaStreamTrack;
  readonly writable: WritableStream<VideoFrame>;
}
declare const VideoTrackGenerator: { new (): VideoTrackGenerator };

/** One way of showing pictures each; the page has chosen by what the browser has. */
export function createOutput(
  decodingId: string,
  sink: DecodedSink,
  emit: (event: DecodeEvent, transfer?: Transferable[]) => void,
): DecodedOutput {
  if (sink.kind === 'writable') return new StreamOutput(sink.writable);
  if (sink.kind === 'track') {
    const generator = new VideoTrackGenerator();
    const track = generator.track as MediaStreamTrack & Transferable;
    emit({ event: 'track', decodingId, track }, [track]);
    return new StreamOutput(generator.writable);
  }
  return {
    write(picture, timestampUs) {
      if (typeof VideoFrame === 'undefined') {
        const frame = i420ToRgba(picture);
        emit({ event: 'frame', decodingId, frame }, [frame.data.buffer]);
      } else {
        const frame = toVideoFrame(picture, timestampUs);
        emit({ event: 'frame', decodingId, frame }, [frame]);
      }
    },
    close: () => undefined,
  };
}

/** Into the writable side of a track generator. */
class StreamOutput implements DecodedOutput {
  private readonly writer: WritableStreamDefaultWriter<VideoFrame>;

  constructor(writable: WritableStream<VideoFrame>) {
    this.writer = writable.getWriter();
  }

  write(picture: Picture, timestampUs: number): void {
    const frame = toVideoFrame(picture, timestampUs);
    // The generator closes what it takes; what it refuses (it has ended) is ours to close.
    this.writer.write(frame).catch(() => frame.close());
  }

  close(): void {
    this.writer.close().catch(() => undefined);
  }
}

/** Firefox (153) ignores `layout`: it takes the planes to follow each other without gaps, so they do. */
function toVideoFrame(picture: Picture, timestamp: number): VideoFrame {
  const { width, height } = picture;
  const bytes = packI420(picture);
  const init: VideoFrameBufferInit & { transfer: ArrayBuffer[] } = {
    format: 'I420',
    codedWidth: width,
    codedHeight: height,
    timestamp,
    // Not copied once more where the browser can take it over.
    transfer: [bytes.buffer],
  };
  return new VideoFrame(bytes, init);
}
