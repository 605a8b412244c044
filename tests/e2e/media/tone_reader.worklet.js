// Finds the bursts of tones.js in what is heard, and measures how loud it is.
/* global AudioWorkletProcessor, registerProcessor, sampleRate */
import { PITCHES, pitch } from './tones.js';

/** The onset is looked for in blocks of this many samples. */
const BLOCK = 32;
const THRESHOLD = 0.06;
/** Quiet that has to go before a burst, else it is the same one. */
const QUIET_MS = 100;
/** What the pitch is read from, after the onset: short of a burst's end. */
const SKIP_MS = 4;
const WINDOW_MS = 32;
/** The clearest stretch of the window tells: a busy machine's audio threads cut bursts in two. */
const STRETCH_MS = 10;
const LEVEL_MS = 100;

class ToneReader extends AudioWorkletProcessor {
  #quiet = 0;
  #skip = 0;
  #window = null;
  #filled = 0;
  #onsetMs = 0;
  #energy = 0;
  #counted = 0;
  #running = true;

  constructor() {
    super();
    this.port.onmessage = () => (this.#running = false);
  }

  process([input]) {
    const samples = input[0];
    if (!samples) return this.#running;
    const startMs = Date.now();
    for (let block = 0; block + BLOCK <= samples.length; block += BLOCK) {
      let energy = 0;
      for (let i = block; i < block + BLOCK; i++) energy += samples[i] * samples[i];
      this.#level(energy);
      const loud = Math.sqrt(energy / BLOCK) > THRESHOLD;
      if (loud && !this.#window && this.#quiet >= (QUIET_MS / 1000) * sampleRate) {
        this.#onsetMs = startMs + (1000 * block) / sampleRate;
        this.#skip = Math.round((SKIP_MS / 1000) * sampleRate);
        this.#window = new Float32Array(Math.round((WINDOW_MS / 1000) * sampleRate));
        this.#filled = 0;
      }
      this.#quiet = loud ? 0 : this.#quiet + BLOCK;
      if (this.#window) this.#collect(samples.subarray(block, block + BLOCK));
    }
    return this.#running;
  }

  #collect(samples) {
    for (const sample of samples) {
      if (this.#skip > 0) {
        this.#skip--;
        continue;
      }
      this.#window[this.#filled++] = sample;
      if (this.#filled < this.#window.length) continue;
      const { index, share } = clearest(this.#window);
      this.#window = null;
      this.port.postMessage({ index, share, gotMs: this.#onsetMs });
      return;
    }
  }

  #level(energy) {
    this.#energy += energy;
    this.#counted += BLOCK;
    if (this.#counted < (LEVEL_MS / 1000) * sampleRate) return;
    this.port.postMessage({ level: Math.sqrt(this.#energy / this.#counted) });
    this.#energy = 0;
    this.#counted = 0;
  }
}

/** The pitch of the stretch in which one pitch has the largest share of the power. */
function clearest(window) {
  const length = Math.round((STRETCH_MS / 1000) * sampleRate);
  let best = { index: -1, share: 0 };
  for (let at = 0; at + length <= window.length; at += length / 2) {
    const found = strongest(window.subarray(at, at + length));
    if (found.share > best.share) best = found;
  }
  return best;
}

/** The pitch with the most power (Goertzel), and its share of all the power in the window. */
function strongest(window) {
  let total = 0;
  for (const sample of window) total += sample * sample;
  let best = { index: -1, share: 0 };
  for (let index = 0; index < PITCHES; index++) {
    const turn = 2 * Math.cos((2 * Math.PI * pitch(index)) / sampleRate);
    let one = 0;
    let two = 0;
    for (const sample of window) {
      const value = sample + turn * one - two;
      two = one;
      one = value;
    }
    const power = one * one + two * two - turn * one * two;
    const share = (2 * power) / (window.length * total || 1);
    if (share > best.share) best = { index, share };
  }
  return best;
}

registerProcessor('tone-reader', ToneReader);
