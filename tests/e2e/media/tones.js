// The stamped tone: a burst every half second whose pitch is its number. Shared by page and worklets.

/** One burst each. */
export const PERIOD_MS = 500;
/** Long enough for an Opus frame and a concealment to leave some of it. */
export const BURST_MS = 40;
/** Bursts are told apart modulo this: 8 s of delay. */
export const PITCHES = 16;

/** Steps of 12 %: each lies far outside the others' 20 ms Goertzel bin. */
export function pitch(index) {
  return Math.round(500 * 1.12 ** (index % PITCHES));
}
