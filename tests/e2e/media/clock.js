// The one clock of every page and worklet of a machine: Unix epoch, milliseconds.

/** Now, with the fractions that performance.now() has. Pages of one machine agree within a millisecond. */
export function now() {
  return performance.timeOrigin + performance.now();
}
