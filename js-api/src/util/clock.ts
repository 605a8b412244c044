/**
 * Unix epoch in ms with fractions. The same clock in every thread of a page, and steady where
 * Date.now() jumps; all capture and playout times are of this clock.
 */
export const now = (): number => performance.timeOrigin + performance.now();

/** Turns times of Date.now(), the only clock of a worklet, into times of now(). */
export class DateClock {
  private offset: number | undefined;

  /** Call where both clocks can be read; Date.now() cuts fractions, on average half a millisecond. */
  toEpoch(dateMs: number): number {
    const offset = now() - Date.now() - 0.5;
    this.offset =
      this.offset === undefined || Math.abs(offset - this.offset) > 50
        ? offset
        : this.offset + (offset - this.offset) * 0.02;
    return dateMs + this.offset;
  }
}
