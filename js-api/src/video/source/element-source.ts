import { now } from '../../util/clock';
import type { EncodeClient } from '../encode-client';
import type { FrameSource } from './frame-source';

/** Where the element does not tell of new pictures it is looked at this often. */
const BEAT_MS = 1000 / 30;
/** While it does, whether the page has been hidden since. */
const LOOK_MS = 200;
/** Pictures on their way to a busy encoder; more would only wait. */
const MAX_UNDERWAY = 2;

/**
 * Firefox and older browsers: a hidden <video> plays the track, each new picture is read from it. Of a page that nobody
 * looks at browsers tell no pictures (Firefox: one in some seconds) and stretch its timers to a second and more, while
 * the track goes on: there the encode worker, whose timers they leave alone, beats time.
 */
export class ElementSource implements FrameSource {
  private element: HTMLVideoElement | undefined;
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
    this.follow(element, encoder);
    // Rejects when the encoder is closed.
    this.beat(element, encoder).catch(() => undefined);
  }

  stop(): void {
    if (this.element) this.element.srcObject = null;
    this.element = undefined;
  }

  private follow(element: HTMLVideoElement, encoder: EncodeClient): void {
    if (!tellsPictures(element)) return;
    element.requestVideoFrameCallback(() => {
      if (this.element !== element) return;
      this.offer(element, encoder);
      this.follow(element, encoder);
    });
  }

  private async beat(element: HTMLVideoElement, encoder: EncodeClient): Promise<void> {
    let due = now();
    while (this.element === element) {
      const needed = !tellsPictures(element) || document.visibilityState === 'hidden';
      if (needed) this.offer(element, encoder);
      due = Math.max(now(), due + (needed ? BEAT_MS : LOOK_MS));
      await encoder.rpc.call('wait', { ms: due - now() });
    }
  }

  private offer(element: HTMLVideoElement, encoder: EncodeClient): void {
    if (element.videoWidth === 0 || this.underway >= MAX_UNDERWAY) return;
    this.underway++;
    const taken = () => void this.underway--;
    this.take(element, encoder).then(taken, taken);
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

const tellsPictures = (element: HTMLVideoElement): boolean =>
  'requestVideoFrameCallback' in element;
