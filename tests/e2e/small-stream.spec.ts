// A picture that is sent in two sizes, and who receives which.
import { expect, needsWebTransport, test } from './support/fixtures';
import { longestGapMs } from './support/numbers.mjs';
import { MAX_GAP_MS, PICTURE, expectInOrder, type User } from './support/user';

const SMALL = { width: 320, height: 180, frameRate: 15, bitrate: 250 };

/** Widths of what was read since then, in the order of their coming. */
async function widths(user: User, of: User, sinceMs: number): Promise<number[]> {
  const { frames } = await user.report(of, sinceMs);
  const all = frames.map(({ width }) => width);
  return all.filter((width, i) => width !== all[i - 1]);
}

for (const transport of ['webtransport', 'websocket'] as const) {
  test(`the small picture and the big one, changed without a gap, over ${transport}`, async ({
    newUser,
  }) => {
    needsWebTransport(transport);
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await anna.join({ roomId: 1, transport }, { small: SMALL });
    await bob.join({ roomId: 1, transport }, { video: false });
    await bob.sees(anna, { count: 60 });
    const choose = async (small: boolean) => {
      const sinceMs = await bob.now();
      const stream = { userId: 'anna', streamType: 'main', option: { small } };
      expect(await bob.run('updateRemoteVideo', stream)).toBeNull();
      const { width } = small ? SMALL : PICTURE;
      await expect.poll(async () => (await widths(bob, anna, sinceMs)).at(-1)).toBe(width);
      await bob.sees(anna, { sinceMs: await bob.now(), count: 20 });
      const { frames } = await bob.report(anna, sinceMs);
      expectInOrder(frames);
      expect(longestGapMs(frames)).toBeLessThan(MAX_GAP_MS);
      return sinceMs;
    };
    const sinceMs = await choose(true);
    await choose(false);
    const seen = await widths(bob, anna, sinceMs);
    expect(seen, 'one change each, and none in between').toEqual([
      PICTURE.width,
      SMALL.width,
      PICTURE.width,
    ]);
  });
}
