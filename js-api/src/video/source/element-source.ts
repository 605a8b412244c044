import { now } from '../../util/clock';
import type { EncodeClient } from '../encode-client';
import type { FrameSource } from './frame-source';

/** Where there is no requestVideoFrameCallback, the element is looked at this often. */
const POLL_MS = 33;
/** Pictures on their way to a busy encoder; more would only wait. */
const MAX_UNDERWAY = 2;

/** Firefox and older browsers: a hidden <video> plays the track, each new picture is read from it. */
export class ElementSource implements FrameSource {
  private element: HTMLVideoElement | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private canvas: HTMLCanvasElement | undefined;
  private underway = 0;

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
      if (element.videoWidth > 0 && this.underway < MAX_UNDERWAY) {
        this.underway++;
        const taken = () => void this.underway--;
        this.take(element, encoder).then(taken, taken);
      }
      this.next(element, encoder);
    };
    if ('requestVideoFrameCallback' in element) element.requestVideoFrameCallback(take);
    else this.timer = setTimeout(take, POLL_MS);
  }

  private async take(element: HTMLVideoElement, encoder: EncodeClient): Promise<void> {
    const timestampMs = now();
    if (this.name === 'frame') {
      const frame = new VideoFrame(element, { timestamp: timestampMs * 1000 });
      await encoder.rpc.call('input', { frame }, [frame]);
      return;
    }
    const { videoWidth: width, videoHeight: height } = element;
    const canvas = (this.canvas ??= document.createElement('canvas'));
    if (canvas.width !== width || canvas.height !== height)
      Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
    if (!context) return;
    context.drawImage(element, 0, 0);
    const data = context.getImageData(0, 0, width, height).data.buffer;
    await encoder.rpc.call('inputPixels', { data, width, height, timestampMs }, [data]);
  }
}
