// What the test pages have in common: the sources they send, and the readers of what they receive.
import { startVideoSource } from '../media/video_source.js';
import { startToneSource } from '../media/tone_source.js';
import { readVideo } from '../media/video_reader.js';
import { readTones } from '../media/tone_reader.js';
import { now } from '../media/clock.js';

export { now };

/** Starts the barcode camera and the tone microphone. */
export async function startSources({
  source,
  width,
  height,
  frameRate,
  audio = true,
  video = true,
}) {
  return {
    video: video ? startVideoSource({ source, width, height, frameRate }) : null,
    audio: audio ? await startToneSource() : null,
  };
}

/** The readers of one remote user. */
export class Station {
  #video = null;
  #tones = null;
  #track = null;

  /** Reads the pictures of a <video>; the reader of an earlier element is stopped. */
  watch(video) {
    this.#video?.stop();
    this.#video = readVideo(video);
  }

  /** Listens to a track instead of the one before. */
  async listen(track) {
    if (this.#track === track) return;
    this.#track = track;
    const tones = await readTones(track);
    if (this.#track !== track) return tones.stop(); // Another came meanwhile.
    const before = this.#tones;
    this.#tones = tones;
    await before?.stop();
  }

  async stop() {
    this.#video?.stop();
    await this.#tones?.stop();
    this.#video = this.#tones = this.#track = null;
  }

  /** Everything read since `sinceMs`. */
  report(sinceMs = 0) {
    const reads = this.#video?.reads;
    const frames = reads?.list.filter((read) => read.gotMs >= sinceMs) ?? [];
    const seconds = (now() - Math.max(sinceMs, frames[0]?.gotMs ?? 0)) / 1000;
    return {
      nowMs: now(),
      frames,
      fps: frames.length > 1 ? frames.length / seconds : 0,
      pictures: reads?.pictures ?? 0,
      failures: reads?.failures ?? 0,
      luma: reads?.luma ?? -1,
      heard: this.#tones?.heard.filter((burst) => burst.gotMs >= sinceMs) ?? [],
      level: this.#tones?.level() ?? -1,
      strange: this.#tones?.strange() ?? 0,
    };
  }
}
