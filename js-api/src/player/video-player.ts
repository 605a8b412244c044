import type { FillMode, PlayState, PlayStateReason } from '../../types/index';
import type { VideoContent } from '../video/sink/video-sink';

export interface PlayerOptions {
  fillMode: FillMode;
  mirror: boolean;
}

/** One view showing one video: a black <div> that fills the view, with the picture in it. */
export class VideoPlayer {
  private readonly container = document.createElement('div');
  element: HTMLVideoElement | HTMLCanvasElement | undefined;
  private content: VideoContent | undefined;

  constructor(
    readonly view: HTMLElement,
    private options: PlayerOptions,
    private readonly onState: (state: PlayState, reason: PlayStateReason) => void,
  ) {
    Object.assign(this.container.style, {
      position: 'relative',
      width: '100%',
      height: '100%',
      overflow: 'hidden',
      background: '#000',
    });
    view.append(this.container);
  }

  /** Shows this instead of what was shown; the element stays when both are tracks. */
  show(content: VideoContent): void {
    if (content === this.content) return;
    this.content = content;
    if (content instanceof HTMLCanvasElement) this.showCanvas(content);
    else this.showTrack(content);
    this.style();
  }

  update(options: Partial<PlayerOptions>): void {
    this.options = { ...this.options, ...options };
    this.style();
  }

  /** Resolves when a picture is on the screen, or after `patienceMs`. */
  firstPicture(patienceMs: number): Promise<{ width: number; height: number } | undefined> {
    const video = this.video;
    if (!video) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        const { videoWidth: width, videoHeight: height } = video;
        resolve(width > 0 ? { width, height } : undefined);
      };
      const timer = setTimeout(finish, patienceMs);
      if (video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA) finish();
      else video.addEventListener('loadeddata', finish, { once: true });
    });
  }

  get video(): HTMLVideoElement | undefined {
    return this.element instanceof HTMLVideoElement ? this.element : undefined;
  }

  resume(): Promise<void> {
    return this.video?.play() ?? Promise.resolve();
  }

  close(): void {
    this.content = undefined;
    if (this.video) this.video.srcObject = null;
    this.container.remove();
  }

  private showTrack(track: MediaStreamTrack): void {
    let { video } = this;
    if (!video) {
      video = document.createElement('video');
      // Sound never comes out of a picture: muted video may always play by itself.
      video.muted = true;
      video.autoplay = true;
      video.playsInline = true;
      video.setAttribute('muted', '');
      video.setAttribute('playsinline', '');
      this.replaceElement(video);
      video.addEventListener('playing', () => this.onState('PLAYING', 'playing'));
      video.addEventListener('pause', () => {
        if (this.content) this.onState('PAUSED', 'pause');
      });
    }
    video.srcObject = new MediaStream([track]);
    video.play().catch(() => undefined);
  }

  private showCanvas(canvas: HTMLCanvasElement): void {
    if (canvas.isConnected) {
      // Another view has the canvas itself: this one shows it captured.
      this.showTrack(canvas.captureStream().getVideoTracks()[0] as MediaStreamTrack);
      return;
    }
    this.replaceElement(canvas);
    this.onState('PLAYING', 'playing');
  }

  private replaceElement(element: HTMLVideoElement | HTMLCanvasElement): void {
    this.element?.remove();
    this.element = element;
    Object.assign(element.style, { width: '100%', height: '100%', display: 'block' });
    this.container.append(element);
  }

  private style(): void {
    if (!this.element) return;
    this.element.style.objectFit = this.options.fillMode;
    this.element.style.transform = this.options.mirror ? 'scaleX(-1)' : '';
  }
}
