import { EVENT } from '../constants/event';
import type { LocalAudio } from '../local/local-audio';
import type { RemoteUsers } from '../remote/remote-users';
import type { ClientContext } from '../room/client';

export const MIN_INTERVAL_MS = 100;
export const DEFAULT_INTERVAL_MS = 2000;

/** Tells AUDIO_VOLUME; loudest first, oneself as ''. */
export class VolumeReporter {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly context: ClientContext,
    private readonly localAudio: LocalAudio,
    private readonly remotes: RemoteUsers,
  ) {}

  enable(intervalMs = DEFAULT_INTERVAL_MS, inBackground = false): void {
    this.stop();
    if (intervalMs <= 0) return;
    this.timer = setInterval(
      () => {
        if (inBackground || document.visibilityState !== 'hidden') this.report();
      },
      Math.max(MIN_INTERVAL_MS, intervalMs),
    );
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private report(): void {
    const levels: [string, number | undefined][] = [
      ['', this.localAudio.level()],
      ...this.remotes
        .all()
        .map(({ userId, listener }): [string, number | undefined] => [userId, listener.level()]),
    ];
    const result = levels
      .flatMap(([userId, level]) =>
        level === undefined
          ? []
          : [{ userId, volume: Math.round(level * 100), floatVolume: level * 100 }],
      )
      .sort((a, b) => b.floatVolume - a.floatVolume);
    this.context.emitter.emit(EVENT.AUDIO_VOLUME, { result });
  }
}
