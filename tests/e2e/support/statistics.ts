// What the SDK's STATISTICS tell of a stretch of time: one report each two seconds, with rates since the one before.
import type { TRTCStatistics } from 'ferry-rtc';
import { expect } from '@playwright/test';
import type { User } from './user';

/** From one report of a user to a later one. */
export interface Stretch {
  sinceMs: number;
  untilMs: number;
}

type Report = TRTCStatistics & { atMs: number };

async function reportsOf(user: User, sinceMs: number): Promise<Report[]> {
  const events = await user.events(sinceMs);
  return events.filter(({ event }) => event === 'statistics') as unknown as Report[];
}

/** Waits for at least `milliseconds` to go by between two reports of a user. */
export async function stretchOf(user: User, milliseconds: number): Promise<Stretch> {
  const nowMs = await user.now();
  const stretch = { sinceMs: 0, untilMs: 0 };
  const whole = async () => {
    const reports = await reportsOf(user, nowMs);
    stretch.sinceMs = reports[0]?.atMs ?? nowMs;
    stretch.untilMs = reports.at(-1)?.atMs ?? nowMs;
    return stretch.untilMs - stretch.sinceMs;
  };
  const options = { message: `${user.userId}'s statistics`, timeout: 4 * milliseconds + 10_000 };
  await expect.poll(whole, options).toBeGreaterThanOrEqual(milliseconds);
  return stretch;
}

/** Pictures that a user's encoder sent in a stretch. */
export function picturesSent(user: User, stretch: Stretch): Promise<number> {
  return sum(user, stretch, ({ localStatistics }) => localStatistics.video[0]?.frameRate);
}

/** Pictures of another user that this one's decoder gave in a stretch. */
export function picturesDecoded(user: User, of: User, stretch: Stretch): Promise<number> {
  return sum(user, stretch, ({ remoteStatistics }) => {
    const remote = remoteStatistics.find(({ userId }) => userId === of.userId);
    return remote?.video[0]?.frameRate;
  });
}

/** Rates, each times how much of the stretch it was counted over. */
async function sum(
  user: User,
  { sinceMs, untilMs }: Stretch,
  rate: (report: Report) => number | undefined,
): Promise<number> {
  await user.waitForEvent({ event: 'statistics' }, untilMs);
  let count = 0;
  let beforeMs = sinceMs;
  for (const report of await reportsOf(user, sinceMs)) {
    const endMs = Math.min(report.atMs, untilMs);
    count += ((endMs - beforeMs) / 1000) * (rate(report) ?? 0);
    beforeMs = endMs;
  }
  return Math.round(count);
}
