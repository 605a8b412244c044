// Reads barcodes back: from what a <video> shows, or from a track's frames before they are shown.
import { now } from './clock.js';
import { area, decode, sample } from './barcode.js';

/** Reads kept at most; two minutes at 60 frames a second. */
const MAX_READS = 7200;

class Reads {
  /** What was read, oldest first: {source, frame, sentMs, gotMs, width, height}. */
  list = [];
  /** Pictures whose check failed (black ones too). */
  failures = 0;
  /** Mean brightness of the barcode's area in the newest picture, 0..255. */
  luma = -1;
  pictures = 0;

  add(bytes, gotMs, width, height) {
    this.pictures++;
    const code = decode(bytes, gotMs);
    if (!code) {
      this.failures++;
      return;
    }
    const { source, frame, timeMs } = code;
    this.list.push({ source, frame, sentMs: timeMs, gotMs, width, height });
    if (this.list.length > MAX_READS) this.list.shift();
  }
}

/**
 * Reads each picture that `video` shows, at the moment the compositor gets it
 * (requestVideoFrameCallback). Returns {reads, stop}.
 */
export function readVideo(video) {
  const reads = new Reads();
  const canvas = new OffscreenCanvas(16, 16);
  const context = canvas.getContext('2d', { willReadFrequently: true, alpha: false });
  let running = true;
  const shown = () => {
    if (!running) return;
    const gotMs = now();
    video.requestVideoFrameCallback(shown);
    const width = video.videoWidth;
    const height = video.videoHeight;
    if (width < 2 || height < 2) return;
    const part = area(width, height);
    if (canvas.width !== part.width || canvas.height !== part.height) {
      canvas.width = part.width;
      canvas.height = part.height;
    }
    context.drawImage(video, -part.x, -part.y, width, height);
    const { data } = context.getImageData(0, 0, part.width, part.height);
    // Green stands for luma: the cells are black and white.
    const luma = (x, y) =>
      data[
        4 *
          (Math.min(y - part.y, part.height - 1) * part.width +
            Math.min(x - part.x, part.width - 1)) +
          1
      ];
    reads.luma = mean(data);
    reads.add(sample(luma, width, height), gotMs, width, height);
  };
  video.requestVideoFrameCallback(shown);
  return { reads, stop: () => (running = false) };
}

function mean(rgba) {
  let sum = 0;
  let count = 0;
  for (let at = 1; at < rgba.length; at += 4 * 97) {
    sum += rgba[at];
    count++;
  }
  return sum / count;
}

/** Reads each frame of a track (MediaStreamTrackProcessor), without the compositor. Returns {reads, stop}. */
export function readTrack(track) {
  const reads = new Reads();
  const processor = new MediaStreamTrackProcessor({ track });
  const reader = processor.readable.getReader();
  let buffer = new Uint8Array(0);
  const run = async () => {
    for (;;) {
      const { value: frame, done } = await reader.read();
      if (done) return;
      const gotMs = now();
      try {
        const width = frame.codedWidth;
        const height = frame.codedHeight;
        const size = frame.allocationSize();
        if (buffer.length < size) buffer = new Uint8Array(size);
        const layout = await frame.copyTo(buffer);
        const luma = lumaOf(frame.format, buffer, layout[0]);
        reads.add(sample(luma, width, height), gotMs, width, height);
      } finally {
        frame.close();
      }
    }
  };
  const ended = run().catch(() => {});
  return {
    reads,
    async stop() {
      await reader.cancel();
      await ended;
    },
  };
}

function lumaOf(format, bytes, { offset, stride }) {
  if (format === 'I420' || format === 'NV12' || format === 'I420A') {
    return (x, y) => bytes[offset + y * stride + x];
  }
  return (x, y) => bytes[offset + y * stride + 4 * x + 1];
}
