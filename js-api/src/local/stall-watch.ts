import { logger } from '../util/logger';

const log = logger('devices');
/** Two looks without a picture are a stall: slower cameras do not exist. */
const LOOK_MS = 1000;
const LOOKS = 2;
/** A device that stalls each time it is opened is broken; opening it for ever would only blink its light. */
const MAX_REOPENED = 3;

/**
 * Notices a camera that stops giving pictures without a word: Chromium opens one like that now and then
 * when it was closed a moment before. Its track is live and unmuted, so that no event tells.
 */
export class StallWatch {
  private readonly timer: ReturnType<typeof setInterval>;
  private last = -1;
  private idle = 0;
  private reopened = 0;

  /** `pictures` counts those that came; undefined while none are to be expected. */
  constructor(
    private readonly pictures: () => Promise<number | undefined>,
    private readonly reopen: () => void,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    const count = await this.pictures().catch(() => undefined);
    if (count === undefined || count !== this.last) {
      // The first picture may come although no second does.
      if (count !== undefined && count > this.last + 1) this.reopened = 0;
      this.last = count ?? -1;
      this.idle = 0;
      return;
    }
    if (++this.idle < LOOKS || this.reopened >= MAX_REOPENED) return;
    this.idle = 0;
    this.reopened++;
    log.warn(`the camera gives no pictures; opening it again (${this.reopened})`);
    this.reopen();
  }
}
