import { now } from '../../util/clock';
import type { EncodeClient } from '../encode-client';
import type { FrameSource } from './frame-source';

/** Where there is no requestVideoFrameCallback, the element is looked at this often. */
const POLL_MS = 33;

/** Firefox and older browsers: a hidden <video> plays the track, each new picture is read from it. */
export class ElementSource implements FrameSource {
  private element: HTMLVideoElement | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private canvas: HTMLCanvasElement | undefined;

  /** 'frame': new VideoFrame(video); 'canvas': pixels read back from a canvas. */
  constructor(readonly name: 'frame' | 'canvas') {}

  static get supportsFrames(): boolean {
    return 'VideoFrame' in globalThis;
  }

  async start(track: MediaStreamTrack, encoder: EncodeClient): Promise<void> {
    this.stop();
    const element = document.createElement('video');
    element.muted = true;
    element.playsInline = true;
    element.srcObject = new MediaStream([track]);
    this.element = element;
    await element.play();
    this.next(element, encoder);
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.element) this.element.srcObject = null;
    this.element = undefined;
  }

  private next(element: HTMLVideoElement, encoder: EncodeClient): void {
    const take = () => {
      if (this.element !== element) return;
      if (element.videoWidth > 0) this.take(element, encoder);
      this.next(element, encoder);
    };
    if ('requestVideoFrameCallback' in element) element.requestVideoFrameCallback(take);
    else this.timer = setTimeout(take, POLL_MS);
  }

  private take(element: HTMLVideoElement, encoder: EncodeClient): void {
    const timestampMs = now();
    if (this.name === 'frame') {
      const frame = new VideoFrame(element, { timestamp: timestampMs * 1000 });
      void encoder.rpc.call('input', { frame }, [frame]).catch(() => frame.close());
      return;
    }
    const { videoWidth: width, videoHeight: height } = element;
    const canvas = (this.canvas ??= document.createElement('canvas'));
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
    if (!context) return;
    context.drawImage(element, 0, 0);
    const data = context.getImageData(0, 0, width, height).data.buffer;
    void encoder.rpc
      .call('inputPixels', { data, width, height, timestampMs }, [data])
      .catch(() => undefined);
  }
}
