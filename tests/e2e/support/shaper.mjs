// One direction of a narrow link, in whatever time it is told: a line of so many bits a second, and a queue before it.

/** What IP and UDP add to a datagram. */
const HEADER_BYTES = 28;

export class Shaper {
  #bitsPerSecond = Infinity;
  #queueMs = 0;
  /** What waits for the line, the first being on it: {bytes, atMs, item}. */
  #queue = [];
  #queuedBytes = 0;
  #lineFreeMs = -Infinity;

  /**
   * For what comes from now on, and for what waits. What would wait longer than `queueMs` finds no room.
   * @param {{ bitsPerSecond?: number, queueMs?: number }} limits no rate: no limit
   */
  configure({ bitsPerSecond = Infinity, queueMs = 300 } = {}) {
    this.#bitsPerSecond = bitsPerSecond;
    this.#queueMs = queueMs;
  }

  /** How long something that came now would wait for the line. */
  get queuedMs() {
    return this.#timeOf(this.#queuedBytes);
  }

  /** Whether there is room for what can be lost. */
  get hasRoom() {
    return this.queuedMs <= this.#queueMs;
  }

  /** Behind what waits, room or not. */
  push(item, bytes, nowMs) {
    const whole = bytes + HEADER_BYTES;
    this.#queue.push({ item, bytes: whole, atMs: nowMs });
    this.#queuedBytes += whole;
  }

  /** The next one that has left the line by now, or undefined. */
  take(nowMs) {
    const endMs = this.nextMs();
    if (endMs > nowMs) return undefined;
    const { item, bytes } = this.#queue.shift();
    this.#lineFreeMs = endMs;
    this.#queuedBytes -= bytes;
    return item;
  }

  /** When the next one will have left the line; Infinity: none waits. */
  nextMs() {
    const [first] = this.#queue;
    if (!first) return Infinity;
    return Math.max(first.atMs, this.#lineFreeMs) + this.#timeOf(first.bytes);
  }

  #timeOf(bytes) {
    return (bytes * 8 * 1000) / this.#bitsPerSecond;
  }
}
