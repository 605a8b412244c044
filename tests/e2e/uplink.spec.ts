// A publisher's link to the gateway that narrows in mid call, and widens again.
import type { TRTCStatistics } from 'ferry-rtc';
import { expect, needsWebTransport, test } from './support/fixtures';
import { longestGapMs } from './support/numbers.mjs';
import { MAX_GAP_MS, expectInOrder, type User } from './support/user';

const WIDE = { bitsPerSecond: 3_000_000, queueMs: 400 };
/** Less than the picture was configured to. */
const NARROW = { ...WIDE, bitsPerSecond: 600_000 };
/** Patience: some reports of STATISTICS, one each two seconds, on a machine that has little time for them. */
const FOLLOWED_MS = 60_000;
/** Pictures and bursts of sound in each part of the call. */
const CALL = { count: 60 };
const SOUND = { count: 4 };

/** What a user's newest report says of the picture that it sends. */
async function sentKbps(user: User): Promise<number> {
  const reports = (await user.events()).filter(({ event }) => event === 'statistics');
  const newest = reports.at(-1) as unknown as TRTCStatistics | undefined;
  return newest?.localStatistics.video[0]?.bitrate ?? Infinity;
}

// How fast and how far the rate follows depends on the machine as well: core/transport/starved_threads_test.cc and
// core/session/narrow_link_test.cc ask for it in virtual time. Here: no machine sends more than the link carries.
test('the uplink narrows and widens: the picture follows, and the call goes on', async ({
  newUser,
  relay,
}) => {
  needsWebTransport();
  test.setTimeout(240_000);
  relay.set({ up: WIDE });
  const anna = await newUser('anna', 'call.html', relay.origin);
  const bob = await newUser('bob');
  await anna.join({ roomId: 1, transport: 'webtransport' });
  expect(await bob.enter()).toBeNull();
  await bob.sees(anna, CALL);
  await bob.hears(anna, SOUND);

  relay.set({ up: NARROW });
  await expect
    .poll(() => sentKbps(anna), { message: 'what anna sends', timeout: FOLLOWED_MS })
    .toBeLessThan(NARROW.bitsPerSecond / 1000);
  const followedMs = await bob.now();
  await bob.sees(anna, { sinceMs: followedMs, ...CALL });
  await bob.hears(anna, { sinceMs: followedMs, ...SOUND });

  const wideMs = await bob.now();
  relay.set({ up: WIDE });
  await bob.sees(anna, { sinceMs: wideMs, ...CALL });
  await bob.hears(anna, { sinceMs: wideMs, ...SOUND });

  const { frames, heard } = await bob.report(anna, followedMs);
  expectInOrder(frames);
  expect(longestGapMs(frames), 'longest time without a picture').toBeLessThan(MAX_GAP_MS);
  expect(longestGapMs(heard), 'longest time without sound').toBeLessThan(MAX_GAP_MS);
});
