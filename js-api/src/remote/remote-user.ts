import type { StreamInfo } from '../engine/messages';
import type { RemoteListener } from './remote-listener';
import type { RemoteVideo } from './remote-video';

/** Somebody else in the room. */
export interface RemoteUser {
  readonly userId: string;
  readonly listener: RemoteListener;
  /** By stream id, as the gateway told. */
  readonly streams: Map<string, StreamInfo>;
  /** Those that are available, by stream id. */
  readonly videos: Map<string, RemoteVideo>;
}

export const audioOf = (user: RemoteUser): StreamInfo | undefined =>
  [...user.streams.values()].find(({ kind, source }) => kind === 'audio' && source === 'main');
