/**
 * Thins a source to the rate that was asked for. A source that is barely faster than asked keeps every
 * frame, and the remaining ones stay evenly spaced.
 */
export class FrameRateLimiter {
  private next = -Infinity;

  constructor(private fps: number) {}

  setRate(fps: number): void {
    this.fps = fps;
  }

  /** Whether to take the frame of this time. */
  admit(timeMs: number): boolean {
    const interval = 1000 / this.fps;
    // A pause or a jump of the source's clock starts anew.
    if (Math.abs(timeMs - this.next) > 1000) this.next = timeMs;
    if (timeMs < this.next - interval * 0.3) return false;
    this.next = Math.max(this.next + interval, timeMs - interval * 0.5);
    return true;
  }
}
