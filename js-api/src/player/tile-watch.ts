/** Sizes are told in such steps: a tile that is dragged wider does not ask at each pixel. */
const STEP_PX = 16;
/** And no more often than this. */
const INTERVAL_MS = 300;

/** Tells how large a video is shown: the largest of its views, in pixels of the screen; 0 without any. */
export class TileWatch {
  private readonly observer: ResizeObserver | undefined;
  private views: HTMLElement[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private told = '0x0';

  constructor(private readonly tell: (width: number, height: number) => void) {
    if (typeof ResizeObserver !== 'undefined')
      this.observer = new ResizeObserver(() => {
        this.timer ??= setTimeout(() => this.measure(), INTERVAL_MS);
      });
  }

  /** These instead of those before; tells at once. */
  watch(views: HTMLElement[]): void {
    this.observer?.disconnect();
    this.views = views;
    for (const view of views) this.observer?.observe(view);
    this.measure();
  }

  stop(): void {
    this.observer?.disconnect();
    clearTimeout(this.timer);
    this.timer = undefined;
    this.views = [];
    this.told = '0x0';
  }

  private measure(): void {
    this.timer = undefined;
    const ratio = globalThis.devicePixelRatio ?? 1;
    const round = (px: number) => Math.ceil((px * ratio) / STEP_PX) * STEP_PX;
    const [largest] = this.views
      .map(({ clientWidth, clientHeight }) => ({ width: clientWidth, height: clientHeight }))
      .sort((a, b) => b.width * b.height - a.width * a.height);
    const [width, height] = [round(largest?.width ?? 0), round(largest?.height ?? 0)];
    const size = `${width}x${height}`;
    if (size === this.told) return;
    this.told = size;
    this.tell(width, height);
  }
}
