import { now } from '../util/clock';

/** Networks change without telling; UDP that was blocked deserves another look by then. */
export const MEMORY_TTL_MS = 5 * 60_000;
/** A page speaks to one gateway, or to a few. */
const MAX_HOSTS = 16;

/** Where UDP did not get through lately, by gateway; of this network: forget() when it changes. */
export class NetworkMemory {
  private readonly until = new Map<string, number>();

  udpFailed(url: string): void {
    const host = hostOf(url);
    this.until.delete(host);
    this.until.set(host, now() + MEMORY_TTL_MS);
    for (const oldest of this.until.keys()) {
      if (this.until.size <= MAX_HOSTS) break;
      this.until.delete(oldest);
    }
  }

  udpWorks(url: string): void {
    this.until.delete(hostOf(url));
  }

  failsUdp(url: string): boolean {
    return (this.until.get(hostOf(url)) ?? 0) > now();
  }

  forget(): void {
    this.until.clear();
  }
}

const hostOf = (url: string): string => new URL(url).host;
