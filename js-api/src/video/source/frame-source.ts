import type { EncodeClient } from '../encode-client';

/** A way of bringing a track's pictures to an encode worker. */
export interface FrameSource {
  readonly name: string;
  /** Replaces the track that was read before. Rejects when this browser cannot do it this way. */
  start(track: MediaStreamTrack, encoder: EncodeClient): Promise<void>;
  stop(): void;
}
