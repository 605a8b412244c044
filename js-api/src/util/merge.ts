/** Merges two configurations of updates: the newer member wins, `option` is merged member by member. */
export function mergeConfig<T extends { option?: object }>(first: T, second: T): T {
  const merged = { ...first, ...defined(second) };
  if (first.option ?? second.option)
    merged.option = { ...first.option, ...defined(second.option ?? {}) };
  return merged;
}

/** Two configurations that ask for the same; objects like tracks and elements compare by identity. */
export function sameConfig(first: unknown, second: unknown): boolean {
  if (Object.is(first, second)) return true;
  if (!isPlain(first) || !isPlain(second)) return false;
  const names = new Set([...Object.keys(first), ...Object.keys(second)]);
  return [...names].every((name) => sameConfig(first[name], second[name]));
}

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value) as unknown;
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as Partial<T>;
}
