// A call in a page that nobody looks at, as behind another tab: browsers give it hardly a picture and few timers.
// In Firefox; Chromium's headless pages are always in front.
import { firefoxOptions } from './support/firefox.mjs';
import { expect, needsWebTransport, skipFirefoxTooOld, test } from './support/fixtures';
import { picturesDecoded, picturesSent, stretchOf } from './support/statistics';
import { PICTURE, expectHeard, type User } from './support/user';

/** What is compared is counted for so long, at least. */
const STRETCH_MS = 4000;

skipFirefoxTooOld();

test.use({ launchOptions: firefoxOptions({ background: true }).launchOptions });

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

/** Pictures that a user's encoder sends in a millisecond. */
async function rateSent(user: User): Promise<number> {
  const stretch = await stretchOf(user, STRETCH_MS);
  return (await picturesSent(user, stretch)) / (stretch.untilMs - stretch.sinceMs);
}

test('a page behind another one sends and receives on', async ({ newUser }) => {
  needsWebTransport();
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  // The browser's own fake camera: what pages draw stands still in the background.
  const room = { roomId: 1, transport: 'webtransport' };
  await anna.join(room, { video: false });
  expect(await anna.run('startLocalVideo', { option: { profile: PICTURE } })).toBeNull();
  await bob.join(room);
  await anna.sees(bob, { count: 30 });
  await anna.hears(bob);
  const shown = async () => (await bob.report(anna)).pictures;
  await expect.poll(shown).toBeGreaterThan(30);
  // A page that the browser slows down has a picture a second; one on a busy machine may lose some.
  const inFront = await rateSent(anna);

  const show = await hide(anna);
  const sinceMs = await bob.now();
  expect(await rateSent(anna), 'pictures sent, by ms').toBeGreaterThanOrEqual(inFront / 4);
  // Anna's camera has no barcode: all of her pictures count.
  const ofAnna = await bob.measure(anna, STRETCH_MS);
  expect(ofAnna.sent, 'pictures that anna sent').toBeGreaterThan(0);
  expect(ofAnna.pictures, `shown to bob of ${ofAnna.sent}`).toBeGreaterThanOrEqual(ofAnna.sent / 3);
  expectHeard(ofAnna);
  // Hers is no page to show pictures in: they have to be decoded.
  const stretch = await stretchOf(bob, STRETCH_MS);
  const sent = await picturesSent(bob, stretch);
  expect(sent, 'pictures that bob sent').toBeGreaterThan(0);
  expect(await picturesDecoded(anna, bob, stretch), `of ${sent}`).toBeGreaterThanOrEqual(sent / 3);
  expect((await anna.report(bob, stretch.sinceMs)).heard.length).toBeGreaterThan(0);

  await show();
  await anna.sees(bob, { sinceMs: await anna.now(), count: 30 });
  const events = await anna.events(sinceMs);
  expect(events.filter(({ event }) => /error|failed|device|publish/.test(event))).toEqual([]);
});
