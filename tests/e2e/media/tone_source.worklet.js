// Makes the bursts of tones.js and tells the page when each of them began.
/* global AudioWorkletProcessor, registerProcessor, sampleRate */
import { BURST_MS, PERIOD_MS, pitch } from './tones.js';

const AMPLITUDE = 0.5;
/** Raised edges, or the burst clicks over all pitches. */
const EDGE_MS = 2;

class ToneSource extends AudioWorkletProcessor {
  #index = -1;
  #at = Infinity;
  #phase = 0;
  #running = true;

  constructor() {
    super();
    this.port.onmessage = () => (this.#running = false);
  }

  process(_inputs, [output]) {
    const period = Math.round((PERIOD_MS / 1000) * sampleRate);
    const burst = Math.round((BURST_MS / 1000) * sampleRate);
    const edge = (EDGE_MS / 1000) * sampleRate;
    for (let i = 0; i < output[0].length; i++) {
      if (this.#at >= period) {
        this.#at = 0;
        this.#index++;
        this.#phase = 0;
        // A worklet has no `performance`; Date.now() is the same clock in whole milliseconds.
        const sentMs = Date.now() + (1000 * i) / sampleRate;
        this.port.postMessage({ index: this.#index, sentMs });
      }
      if (this.#at < burst) {
        const rise = Math.min(1, this.#at / edge, (burst - this.#at) / edge);
        const value = AMPLITUDE * rise * Math.sin(this.#phase);
        this.#phase += (2 * Math.PI * pitch(this.#index)) / sampleRate;
        for (const channel of output) channel[i] = value;
      } else {
        for (const channel of output) channel[i] = 0;
      }
      this.#at++;
    }
    return this.#running;
  }
}

registerProcessor('tone-source', ToneSource);
