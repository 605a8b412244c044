// An ear: finds the stamped tone in a remote track.
import { running } from './audio_context.js';
import { PERIOD_MS, PITCHES } from './tones.js';

/** Below this share of one pitch in the sound, it was not one of our bursts. */
const MIN_SHARE = 0.5;

/**
 * Listens to a track. Returns `heard` ({index modulo PITCHES, gotMs}), `level()` (root mean square of the last
 * 100 ms, −1 before the first), `strange()` (sounds that were no burst) and `stop()`.
 */
export async function readTones(track) {
  const context = new AudioContext({ sampleRate: 48000, latencyHint: 'interactive' });
  await context.audioWorklet.addModule(new URL('tone_reader.worklet.js', import.meta.url));
  const stream = new MediaStream([track]);
  // Chromium moves a peer connection's sound only when an element takes it.
  const element = new Audio();
  element.muted = true;
  element.srcObject = stream;
  element.play().catch(() => {});
  const reader = new AudioWorkletNode(context, 'tone-reader', { numberOfOutputs: 1 });
  const heard = [];
  let level = -1;
  let strange = 0;
  reader.port.onmessage = ({ data }) => {
    if ('level' in data) level = data.level;
    else if (data.share < MIN_SHARE) strange++;
    else heard.push({ index: data.index, gotMs: data.gotMs });
  };
  // A node is run only when it leads to the destination.
  new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(reader);
  const silence = new GainNode(context, { gain: 0 });
  reader.connect(silence).connect(context.destination);
  await running(context);
  return {
    heard,
    level: () => level,
    strange: () => strange,
    async stop() {
      reader.port.postMessage('stop');
      element.srcObject = null;
      await context.close();
    },
  };
}

/** For each burst that was sent, how long it took to the ear, ms; null: nobody heard it. */
export function toneDelays(sent, heard) {
  return sent.map(({ index, sentMs }) => {
    const found = heard.find(
      (burst) =>
        burst.index === index % PITCHES &&
        // Worklets tell whole milliseconds.
        burst.gotMs >= sentMs - 2 &&
        burst.gotMs < sentMs + PITCHES * PERIOD_MS,
    );
    return found ? found.gotMs - sentMs : null;
  });
}
