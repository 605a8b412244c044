/**
 * Turns media timestamps, which are even but of an unknown origin, into times of the wall clock, which
 * are known but jitter by scheduling: the least delayed arrival of the last seconds sets the origin.
 */
export class TimestampSmoother {
  private current = Infinity;
  private previous = Infinity;
  private windowStart = -Infinity;

  /** An estimate is forgotten after one to two windows: a source that lost time is followed soon. */
  constructor(private readonly windowMs: number) {}

  /** `mediaMs` of any origin, `arrivalMs` of the wall clock; returns the wall clock of capture. */
  map(mediaMs: number, arrivalMs: number): number {
    const offset = arrivalMs - mediaMs;
    const known = Math.min(this.current, this.previous);
    // A source that was replaced or paused has a new origin.
    if (Math.abs(offset - known) > 1000) this.reset();
    if (arrivalMs - this.windowStart > this.windowMs) {
      this.previous = this.current;
      this.current = Infinity;
      this.windowStart = arrivalMs;
    }
    this.current = Math.min(this.current, offset);
    return mediaMs + Math.min(this.current, this.previous);
  }

  private reset(): void {
    this.current = Infinity;
    this.previous = Infinity;
    this.windowStart = -Infinity;
  }
}
