// Order statistics, and gaps.

/** The q-th quantile (0..1) by the nearest rank; NaN of nothing. */
export function quantile(values, q) {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))];
}

export function median(values) {
  return quantile(values, 0.5);
}

/**
 * The longest time between two that follow each other; 0 where fewer than two came.
 * @param {{ gotMs: number }[]} received
 */
export function longestGapMs(received) {
  const times = received.map(({ gotMs }) => gotMs);
  return Math.max(0, ...times.slice(1).map((time, index) => time - times[index]));
}
