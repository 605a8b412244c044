import type { EncodeClient } from '../encode-client';
import type { FrameSource } from './frame-source';

/** Safari: the track itself goes to the worker, which makes the processor. */
export class WorkerProcessorSource implements FrameSource {
  readonly name = 'worker-processor';
  async start(track: MediaStreamTrack, encoder: EncodeClient): Promise<void> {
    const sent = track.clone();
    // Throws DataCloneError where tracks cannot be transferred.
    const works = await encoder.rpc.call('readTrack', { track: sent }, [sent as never]);
    if (!works) throw new DOMException('no track processor in workers', 'NotSupportedError');
  }

  stop(): void {
    // The transferred clone ends with its worker.
  }
}
