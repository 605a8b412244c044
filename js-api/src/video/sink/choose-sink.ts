import { CanvasSink } from './canvas-sink';
import { GeneratorSink } from './generator-sink';
import type { VideoSink } from './video-sink';
import { WorkerTrackSink } from './worker-track-sink';

/** The best way of showing pictures here; `ferryVideoRender` forces one, for tests of each path. */
export function createSink(trackGeneratorInWorker: boolean): VideoSink {
  const forced = (globalThis as { ferryVideoRender?: string }).ferryVideoRender;
  if (forced === 'canvas') return new CanvasSink();
  if (GeneratorSink.supported && forced !== 'worker-track') return new GeneratorSink();
  if (trackGeneratorInWorker) return new WorkerTrackSink();
  return new CanvasSink();
}
