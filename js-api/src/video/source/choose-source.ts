import { logger } from '../../util/logger';
import type { EncodeClient } from '../encode-client';
import { ElementSource } from './element-source';
import type { FrameSource } from './frame-source';
import { ProcessorSource } from './processor-source';
import { WorkerProcessorSource } from './worker-processor-source';

const log = logger('video capture');

/** What the browser's features let try, best first. `only` keeps one, for tests of each path. */
export function captureCandidates(only = override()): FrameSource[] {
  const candidates: FrameSource[] = [
    ...(ProcessorSource.supported ? [new ProcessorSource()] : []),
    new WorkerProcessorSource(),
    ...(ElementSource.supportsFrames ? [new ElementSource('frame')] : []),
    new ElementSource('canvas'),
  ];
  const chosen = candidates.filter(({ name }) => !only || name === only);
  return chosen.length > 0 ? chosen : candidates;
}

/** Starts the first way that works. */
export async function startSource(
  track: MediaStreamTrack,
  encoder: EncodeClient,
): Promise<FrameSource> {
  let reason: unknown;
  for (const source of captureCandidates()) {
    try {
      await source.start(track, encoder);
      log.debug(`pictures are read by '${source.name}'`);
      return source;
    } catch (error) {
      source.stop();
      reason = error;
      log.debug(`reading pictures by '${source.name}' is not possible`, error);
    }
  }
  throw reason;
}

function override(): string | undefined {
  return (globalThis as { ferryVideoCapture?: string }).ferryVideoCapture;
}
