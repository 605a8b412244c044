import { recoveryError } from '../errors/device-error';
import { logger } from '../util/logger';

const log = logger('devices');

export interface TrackWatchHandlers {
  /** Another application took the device, or gave it back. */
  onMuted(muted: boolean): void;
  /** Opens the same device again, or any when the old one is gone. */
  open(which: 'same' | 'any'): Promise<MediaStreamTrack>;
  /** Captures from this track, and stops this watch for the new track's own. */
  use(track: MediaStreamTrack): Promise<void>;
  onFailed(error: ReturnType<typeof recoveryError>): void;
}

/**
 * Watches a device's track: when the device goes, another one is tried, now and when one is plugged in.
 * Until it is stopped: a device that opens after that is closed at once.
 */
export class TrackWatch {
  private readonly abort = new AbortController();
  private attempts: Promise<unknown> = Promise.resolve();
  private failed = false;

  constructor(
    track: MediaStreamTrack,
    private readonly kind: 'camera' | 'microphone',
    private readonly handlers: TrackWatchHandlers,
  ) {
    const { signal } = this.abort;
    track.addEventListener('mute', () => handlers.onMuted(true), { signal });
    track.addEventListener('unmute', () => handlers.onMuted(false), { signal });
    track.addEventListener('ended', () => void this.recover('any'), { signal });
  }

  stop(): void {
    this.abort.abort();
  }

  /** Resolves when the device runs again, or it was told that it does not. */
  async recover(which: 'same' | 'any'): Promise<void> {
    log.warn(`opening ${which === 'same' ? 'the' : 'a'} ${this.kind} again`);
    try {
      await this.recapture(which);
    } catch (cause) {
      // Stopped meanwhile, or told already and waiting for a device to be plugged in.
      if (this.abort.signal.aborted || this.failed) return;
      this.failed = true;
      this.handlers.onFailed(recoveryError(this.kind, cause));
      this.retryWhenPlugged();
    }
  }

  /** One attempt at a time; what another one made needless is left out. */
  private recapture(which: 'same' | 'any'): Promise<void> {
    const { signal } = this.abort;
    const attempt = this.attempts.then(async () => {
      if (signal.aborted) return;
      const track = await this.handlers.open(which);
      if (signal.aborted) track.stop();
      else await this.handlers.use(track);
    });
    this.attempts = attempt.catch(() => undefined);
    return attempt;
  }

  private retryWhenPlugged(): void {
    const retry = () =>
      void this.recapture('any').catch((error: unknown) =>
        log.info(`the ${this.kind} cannot be opened yet`, error),
      );
    navigator.mediaDevices.addEventListener('devicechange', retry, { signal: this.abort.signal });
  }
}
