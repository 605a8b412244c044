// A camera that shows a barcode over moving content.
import { now } from './clock.js';
import { draw, encode } from './barcode.js';

/**
 * Starts drawing. Returns the track to publish, the canvas, and `stop()`.
 * `source` is the number that tells this picture from others (0..255).
 */
export function startVideoSource({ source, width = 640, height = 360, frameRate = 30 }) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: false });
  const stream = canvas.captureStream(0);
  const [track] = stream.getVideoTracks();
  // Firefox has it on the stream, as an earlier draft of the standard had.
  const shutter = 'requestFrame' in track ? track : stream;
  let frames = 0;
  const paint = () => {
    const frame = frames++;
    drawScene(context, width, height, frame, source);
    draw(context, width, height, encode(source, frame, now()));
    shutter.requestFrame();
  };
  paint();
  const stop = every(1000 / frameRate, paint);
  return {
    track,
    canvas,
    stop() {
      stop();
      track.stop();
    },
  };
}

/** Calls `task` every `period` ms by the clock, without drift; a late turn is not made up for. */
function every(period, task) {
  let next = now() + period;
  let timer = 0;
  const turn = () => {
    task();
    next = Math.max(next + period, now());
    timer = setTimeout(turn, next - now());
  };
  timer = setTimeout(turn, period);
  return () => clearTimeout(timer);
}

/** Something for the encoder to do: a sky that drifts, discs that move, a line that sweeps. */
function drawScene(context, width, height, frame, source) {
  const hue = (source * 67 + frame * 0.5) % 360;
  const sky = context.createLinearGradient(0, 0, width, height);
  sky.addColorStop(0, `hsl(${hue} 55% 35%)`);
  sky.addColorStop(1, `hsl(${(hue + 70) % 360} 55% 60%)`);
  context.fillStyle = sky;
  context.fillRect(0, 0, width, height);
  for (let disc = 0; disc < 6; disc++) {
    const x = ((frame * (disc + 2) * 0.9 + disc * 130) % (width + 80)) - 40;
    const y = height * (0.5 + 0.42 * Math.sin(frame / (17 + disc * 5) + disc));
    context.fillStyle = `hsl(${(hue + disc * 60) % 360} 70% 55%)`;
    context.beginPath();
    context.arc(x, y, 12 + disc * 4, 0, 2 * Math.PI);
    context.fill();
  }
  context.fillStyle = '#fff';
  context.fillRect((frame * 4) % width, 0, 3, height);
}
