import { now } from '../util/clock';

/** Networks change without telling; UDP that was blocked deserves another look by then. */
export const MEMORY_TTL_MS = 5 * 60_000;
/** A WebTransport connection that opened and then came to nothing is not preferred for this long. */
export const DISTRUST_MS = 60_000;
/** A page speaks to one gateway, or to a few. */
const MAX_HOSTS = 16;

/** Where UDP did not get through lately, by gateway; of this network: forget() when it changes. */
export class NetworkMemory {
  private readonly failed = new Map<string, number>();
  private readonly distrusted = new Map<string, number>();

  udpFailed(url: string): void {
    note(this.failed, url, MEMORY_TTL_MS);
  }

  udpWorks(url: string): void {
    this.failed.delete(hostOf(url));
  }

  failsUdp(url: string): boolean {
    return holds(this.failed, url);
  }

  /** It opened, and nobody was there. */
  distrustUdp(url: string): void {
    note(this.distrusted, url, DISTRUST_MS);
  }

  distrustsUdp(url: string): boolean {
    return holds(this.distrusted, url);
  }

  forget(): void {
    this.failed.clear();
    this.distrusted.clear();
  }
}

function note(until: Map<string, number>, url: string, ms: number): void {
  const host = hostOf(url);
  until.delete(host);
  until.set(host, now() + ms);
  for (const oldest of until.keys()) {
    if (until.size <= MAX_HOSTS) break;
    until.delete(oldest);
  }
}

const holds = (until: Map<string, number>, url: string): boolean =>
  (until.get(hostOf(url)) ?? 0) > now();

const hostOf = (url: string): string => new URL(url).host;
