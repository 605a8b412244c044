// A call in a page that nobody looks at, as behind another tab: browsers give it hardly a picture and few timers.
// In Firefox; Chromium's headless pages are always in front.
import { firefoxOptions } from './support/firefox.mjs';
import { expect, test } from './support/fixtures';
import { PICTURE, type User } from './support/user';

test.use({ launchOptions: firefoxOptions({ background: true }).launchOptions });

const MIN_FPS = 20;

/** Puts another tab in front of the user's; gives what takes it away again. */
async function hide(user: User): Promise<() => Promise<void>> {
  const opened = user.page.waitForEvent('popup');
  await user.page.evaluate(() => void window.open('about:blank'));
  const front = await opened;
  await expectVisibility(user, 'hidden');
  return async () => {
    await front.close();
    await expectVisibility(user, 'visible');
  };
}

function expectVisibility(user: User, state: string): Promise<void> {
  const visibility = () => user.page.evaluate(() => document.visibilityState);
  return expect.poll(visibility, { message: `${user.userId}'s page` }).toBe(state);
}

/** Pictures a second that came of another user and were decoded, by the SDK's newest statistics. */
async function decodedFps(user: User, sinceMs: number): Promise<number> {
  const statistics = (await user.events(sinceMs)).filter(({ event }) => event === 'statistics');
  const [remote] = (statistics.at(-1)?.remoteStatistics ?? []) as Remote[];
  return remote?.video[0]?.frameRate ?? 0;
}
interface Remote {
  video: { frameRate: number }[];
}

test('a page behind another one sends and receives on', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  // The browser's own fake camera: what pages draw stands still in the background.
  await anna.join({ roomId: 1 }, { video: false });
  expect(await anna.run('startLocalVideo', { option: { profile: PICTURE } })).toBeNull();
  await bob.join();
  await anna.sees(bob, { count: 30 });
  await anna.hears(bob);
  const shown = async () => (await bob.report(anna)).pictures;
  await expect.poll(shown).toBeGreaterThan(30);

  const show = await hide(anna);
  const sinceMs = await bob.now();
  const before = await shown();
  const { audioDelays } = await bob.measure(anna, 6000);
  const fps = ((await shown()) - before) / (((await bob.now()) - sinceMs) / 1000);
  expect(fps, 'pictures of anna that bob is shown a second').toBeGreaterThanOrEqual(MIN_FPS);
  expect(audioDelays.length, 'bursts that anna sent').toBeGreaterThan(0);
  expect(audioDelays.filter((delay) => delay === null).length).toBeLessThanOrEqual(1);
  expect((await anna.report(bob, sinceMs)).heard.length).toBeGreaterThanOrEqual(8);
  expect(await decodedFps(anna, sinceMs)).toBeGreaterThanOrEqual(MIN_FPS);

  await show();
  await anna.sees(bob, { sinceMs: await anna.now(), count: 30 });
  const events = await anna.events(sinceMs);
  expect(events.filter(({ event }) => /error|failed|device|publish/.test(event))).toEqual([]);
});
