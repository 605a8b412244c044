// Two and three people in a room: what they see and hear of each other.
import { expect, test } from './support/fixtures';
import { expectHeard, expectInOrder, expectPicturesFlow, type CallEvent } from './support/user';

// Bounds for any machine, however busy: nothing falls seconds behind. How quick it is, `./dev bench call` tells.
const MAX_DELAY_MS = 3000;
const MAX_SKEW_MS = 1000;
const FIRST_PICTURE_MS = 20_000;

test('carries picture and sound both ways, in order, in time and in sync', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  for (const [one, other] of [
    [anna, bob],
    [bob, anna],
  ] as const) {
    await one.sees(other, { count: 60 });
    await one.hears(other);
  }
  const results = await Promise.all([anna.measure(bob, 6000), bob.measure(anna, 6000)]);
  for (const [i, result] of results.entries()) {
    const { frames, videoDelay, audioDelay } = result;
    expect(new Set(frames.map(({ source }) => source))).toEqual(new Set([2 - i]));
    expectInOrder(frames);
    expectPicturesFlow(result);
    expect(frames.at(-1)).toMatchObject({ width: 640, height: 360 });
    expectHeard(result);
    expect(videoDelay, 'ms from drawing to showing').toBeLessThanOrEqual(MAX_DELAY_MS);
    expect(videoDelay, 'a frame cannot come before it was drawn').toBeGreaterThan(0);
    expect(audioDelay, 'ms from sounding to hearing').toBeLessThanOrEqual(MAX_DELAY_MS);
    expect(Math.abs(audioDelay - videoDelay), 'audio − video').toBeLessThanOrEqual(MAX_SKEW_MS);
  }
});

test('mutes and unmutes sound', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join({ roomId: 1 }, { video: false });
  await bob.join({ roomId: 1 }, { video: false });
  await bob.hears(anna);

  const mutedMs = await bob.now();
  expect(await anna.run('updateLocalAudio', { mute: true })).toBeNull();
  const gone = await bob.waitForEvent(
    { event: 'remote-audio-unavailable', userId: 'anna' },
    mutedMs,
  );
  await expect.poll(async () => (await bob.report(anna)).level).toBeLessThan(0.01);
  // What was on its way when the event came may still be heard; two periods of the tone later nothing is.
  const quietMs = gone.atMs + 1000;
  await bob.page.waitForFunction((until) => window.call.now() > until, quietMs + 1500);
  expect((await bob.report(anna, quietMs)).heard).toEqual([]);

  const unmutedMs = await bob.now();
  expect(await anna.run('updateLocalAudio', { mute: false })).toBeNull();
  await bob.waitForEvent({ event: 'remote-audio-available', userId: 'anna' }, unmutedMs);
  await bob.hears(anna, { sinceMs: unmutedMs });
});

test('mutes and unmutes the picture', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);

  const mutedMs = await bob.now();
  expect(await anna.run('updateLocalVideo', { mute: true })).toBeNull();
  const main = { userId: 'anna', streamType: 'main' };
  await bob.waitForEvent({ event: 'remote-video-unavailable', ...main }, mutedMs);
  await expect(bob.page.locator('[data-user-id=anna] video')).toHaveCount(0);
  const { frames } = await bob.report(anna);
  const lastFrame = frames.at(-1)?.frame ?? 0;
  // Sound goes on.
  await bob.hears(anna, { sinceMs: await bob.now() });

  const unmutedMs = await bob.now();
  expect(await anna.run('updateLocalVideo', { mute: false })).toBeNull();
  await bob.waitForEvent({ event: 'remote-video-available', ...main }, unmutedMs);
  await bob.sees(anna, { sinceMs: unmutedMs, count: 20 });
  const after = await bob.report(anna, unmutedMs);
  expect(after.frames[0]?.frame).toBeGreaterThan(lastFrame);
});

test('stops and starts publishing without leaving', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);
  const stoppedMs = await bob.now();
  expect(await anna.run('updateLocalVideo', { publish: false })).toBeNull();
  expect(await anna.run('updateLocalAudio', { publish: false })).toBeNull();
  await bob.waitForEvent({ event: 'remote-video-unavailable', userId: 'anna' }, stoppedMs);
  await bob.waitForEvent({ event: 'remote-audio-unavailable', userId: 'anna' }, stoppedMs);
  const startedMs = await bob.now();
  expect(await anna.run('updateLocalVideo', { publish: true })).toBeNull();
  expect(await anna.run('updateLocalAudio', { publish: true })).toBeNull();
  await bob.sees(anna, { sinceMs: startedMs });
  await bob.hears(anna, { sinceMs: startedMs });
});

test('tells of a leaving in order, and lets come back', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);
  await bob.hears(anna);

  const leftMs = await bob.now();
  expect(await anna.run('exitRoom')).toBeNull();
  const exit = await bob.waitForEvent({ event: 'remote-user-exit', userId: 'anna' }, leftMs);
  expect(exit.reason).toBe(0);
  expect(namesOf(await bob.events(leftMs), 'anna')).toEqual([
    'remote-audio-unavailable',
    'remote-user-exit',
    'remote-video-unavailable',
  ]);
  const order = (await bob.events(leftMs)).filter(({ userId }) => userId === 'anna');
  expect(order.filter(({ event }) => event.startsWith('remote-')).at(-1)?.event).toBe(
    'remote-user-exit',
  );

  const backMs = await bob.now();
  expect(await anna.enter()).toBeNull();
  await bob.waitForEvent({ event: 'remote-user-enter', userId: 'anna' }, backMs);
  // What was started before is published again by itself.
  await bob.sees(anna, { sinceMs: backMs });
  await bob.hears(anna, { sinceMs: backMs });
  await anna.sees(bob, { sinceMs: backMs });
});

test('shows everybody to a third who comes later, soon', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await anna.sees(bob, { count: 60 });

  const carol = await newUser('carol');
  await carol.join();
  for (const other of [anna, bob]) {
    await carol.sees(other);
    await carol.hears(other);
    await other.sees(carol);
    const first = await carol.page.evaluate((id) => window.call.firstFrameMs(id), other.userId);
    // Key frames come only when somebody asks for one.
    expect(first, `first picture of ${other.userId} after enterRoom`).toBeLessThan(
      FIRST_PICTURE_MS,
    );
  }
  const events = await carol.events();
  const connected = events.findIndex(
    ({ event, state }) => event === 'connection-state-changed' && state === 'CONNECTED',
  );
  const entered = events.findIndex(({ event }) => event === 'remote-user-enter');
  expect(connected).toBeGreaterThanOrEqual(0);
  expect(entered, 'who is there is told after the connection').toBeGreaterThan(connected);
});

test('tells who comes later who is muted', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);
  expect(await anna.run('updateLocalAudio', { mute: true })).toBeNull();
  expect(await anna.run('updateLocalVideo', { mute: true })).toBeNull();
  await bob.waitForEvent({ event: 'remote-audio-unavailable', userId: 'anna' });
  await bob.waitForEvent({ event: 'remote-video-unavailable', userId: 'anna' });

  const carol = await newUser('carol');
  expect(await carol.enter()).toBeNull();
  await carol.sees(bob);
  await carol.hears(bob);
  const ofAnna = (await carol.events()).filter(({ userId }) => userId === 'anna');
  expect(namesOf(ofAnna, 'anna')).toEqual(['remote-user-enter']);

  expect(await anna.run('updateLocalAudio', { mute: false })).toBeNull();
  expect(await anna.run('updateLocalVideo', { mute: false })).toBeNull();
  await carol.sees(anna);
  await carol.hears(anna);
});

test('stops watching somebody, and watches again', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  expect(await bob.enter()).toBeNull();
  await bob.sees(anna);
  const stream = { userId: 'anna', streamType: 'main' };
  const stoppedMs = await bob.now();
  expect(await bob.run('stopRemoteVideo', stream)).toBeNull();
  await expect(bob.page.locator('[data-user-id=anna] video')).toHaveCount(0);
  // It is still offered, and nobody else is told.
  const since = (await bob.events(stoppedMs)).map(({ event }) => event);
  expect(since).not.toContain('remote-video-unavailable');
  const againMs = await bob.now();
  await bob.page.evaluate((what) => window.call.watch(what), stream);
  await bob.sees(anna, { sinceMs: againMs, count: 20 });
});

test('puts out the page whose user enters from another one', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);
  const again = await newUser('anna');
  const againMs = await bob.now();
  await again.join();
  const kicked = await anna.waitForEvent({ event: 'kicked-out' });
  expect(kicked.reason).toBe('kick');
  await again.sees(bob);
  await expect
    .poll(async () => (await bob.report(anna, againMs)).frames.at(-1)?.source)
    .toBe(again.source);
  // Out of the room, once: it may enter again, and is told so only once.
  expect((await anna.events()).filter(({ event }) => event === 'kicked-out')).toHaveLength(1);
  expect(await anna.run('exitRoom')).toBeNull();
});

test('keeps rooms apart: by number, by name, and number from name', async ({ newUser }) => {
  const rooms = [{ roomId: 7 }, { roomId: 8 }, { strRoomId: '7' }];
  const users = [];
  for (const [i, room] of rooms.entries()) {
    const user = await newUser(`user-${i}`);
    expect(await user.enter(room)).toBeNull();
    users.push(user);
  }
  const friend = await newUser('friend');
  expect(await friend.enter({ strRoomId: '7' })).toBeNull();
  await users[2]?.waitForEvent({ event: 'remote-user-enter', userId: 'friend' });
  for (const user of users.slice(0, 2)) {
    expect((await user.events()).filter(({ event }) => event === 'remote-user-enter')).toEqual([]);
  }
});

test('an audio call loads no video codec', async ({ newUser }) => {
  const anna = await newUser('anna');
  const bob = await newUser('bob');
  const loaded: string[] = [];
  for (const { page } of [anna, bob]) page.on('request', (request) => loaded.push(request.url()));
  await anna.join({ roomId: 1 }, { video: false });
  await bob.join({ roomId: 1 }, { video: false });
  await anna.hears(bob);
  await bob.hears(anna);
  expect(loaded.filter((url) => /vp[89]|encode|decode/.test(url))).toEqual([]);
});

test('one turns another down and off for oneself', async ({ newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join({ roomId: 1 }, { video: false });
  await bob.join({ roomId: 1 }, { video: false });
  await bob.hears(anna);
  expect(await bob.run('muteRemoteAudio', 'anna', true)).toBeNull();
  const mutedMs = await bob.now();
  await bob.page.waitForFunction((until) => window.call.now() > until, mutedMs + 2500);
  expect((await bob.report(anna, mutedMs + 1000)).heard).toEqual([]);
  const backMs = await bob.now();
  expect(await bob.run('muteRemoteAudio', 'anna', false)).toBeNull();
  await bob.hears(anna, { sinceMs: backMs });
});

/** The names of a user's coming and going, sorted. */
function namesOf(events: CallEvent[], userId: string): string[] {
  return events
    .filter((event) => event.userId === userId && event.event.startsWith('remote-'))
    .map(({ event }) => event)
    .sort();
}
