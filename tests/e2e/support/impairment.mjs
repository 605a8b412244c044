// What one direction of a network does to packets besides holding them up at a narrow line: delay, and loss in runs.

export class Impairment {
  #loss = 0;
  #meanBurst = 1;
  #delayMs = 0;
  #state = 1;
  #inBurst = false;

  /**
   * For what comes from now on. `loss` is the share of packets lost, `meanBurst` the mean length of a run of losses (Gilbert's
   * two states; independent losses come in runs of 1 / (1 - loss) anyway). The same seed gives the same losses.
   * @param {{ loss?: number, meanBurst?: number, delayMs?: number, seed?: number }} network
   */
  configure({ loss = 0, meanBurst = 1, delayMs = 0, seed = 1 } = {}) {
    this.#loss = loss;
    this.#meanBurst = meanBurst;
    this.#delayMs = delayMs;
    this.#state = seed;
    this.#inBurst = false;
  }

  get delayMs() {
    return this.#delayMs;
  }

  /** Whether the next packet is lost. */
  loses() {
    const draw = this.#uniform();
    if (this.#loss <= 0 || this.#loss >= 1) return this.#loss >= 1;
    const length = Math.max(this.#meanBurst, 1 / (1 - this.#loss));
    const begin = this.#loss / (length * (1 - this.#loss));
    this.#inBurst = draw < (this.#inBurst ? 1 - 1 / length : begin);
    return this.#inBurst;
  }

  /** In [0, 1): Mulberry32. */
  #uniform() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }
}
