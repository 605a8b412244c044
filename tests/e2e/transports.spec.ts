// The call over each transport (in every browser of the configuration), and from one to the other.
import { expect, needsWebTransport, skipFirefoxTooOld, test } from './support/fixtures';
import { clientConnections } from './support/gateway.mjs';
import { longestGapMs } from './support/numbers.mjs';
import {
  MAX_GAP_MS,
  expectHeard,
  expectInOrder,
  expectPicturesFlow,
  forgiveNetwork,
  type User,
} from './support/user';

async function call(anna: User, bob: User, params: object) {
  await anna.join({ roomId: 1, ...params });
  await bob.join({ roomId: 1, ...params });
  await anna.sees(bob, { count: 60 });
  await bob.sees(anna, { count: 60 });
  await bob.hears(anna, { count: 4 });
  await anna.hears(bob, { count: 4 });
}

skipFirefoxTooOld();

for (const transport of ['websocket', 'webtransport'] as const) {
  test(`a call over ${transport}`, async ({ newUser, gateway }) => {
    needsWebTransport(transport);
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await call(anna, bob, { transport });
    const none = { websocket: 0, webtransport: 0 };
    expect(await clientConnections(gateway)).toEqual({ ...none, [transport]: 2 });
    const results = await Promise.all([anna.measure(bob, 4000), bob.measure(anna, 4000)]);
    for (const result of results) {
      expectInOrder(result.frames);
      expectPicturesFlow(result);
      expectHeard(result);
    }
  });
}

test('left to itself, a call takes WebTransport', async ({ newUser, gateway }) => {
  needsWebTransport();
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await call(anna, bob, {});
  expect(await clientConnections(gateway)).toEqual({ websocket: 0, webtransport: 2 });
});

test('where UDP is swallowed, a call takes WebSocket', async ({ newUser, relay, gateway }) => {
  needsWebTransport();
  relay.set({ udp: false });
  const anna = await newUser('anna', 'call.html', relay.origin);
  await anna.join();
  const bob = await newUser('bob');
  await bob.join({ roomId: 1 });
  await bob.sees(anna, { count: 30 });
  await anna.sees(bob, { count: 30 });
  expect(await clientConnections(gateway)).toEqual({ websocket: 1, webtransport: 1 });
  forgiveNetwork(anna);
});

test('WebTransport to WebSocket and back in mid call, without a gap of seconds', async ({
  newUser,
  relay,
  gateway,
}) => {
  needsWebTransport();
  const anna = await newUser('anna', 'call.html', relay.origin);
  const bob = await newUser('bob');
  await call(anna, bob, {});
  expect(await clientConnections(gateway)).toEqual({ websocket: 0, webtransport: 2 });
  const sinceMs = await anna.now();

  relay.set({ udp: false });
  await expect.poll(() => clientConnections(gateway)).toMatchObject({ websocket: 1 });
  await anna.sees(bob, { sinceMs, count: 90 });
  await bob.sees(anna, { sinceMs, count: 90 });

  relay.set({ udp: true });
  await anna.page.evaluate(() => window.dispatchEvent(new Event('online')));
  const backMs = await anna.now();
  await expect.poll(() => clientConnections(gateway)).toEqual({ websocket: 0, webtransport: 2 });
  await anna.sees(bob, { sinceMs: backMs, count: 90 });
  await bob.sees(anna, { sinceMs: backMs, count: 90 });

  for (const [user, other] of [
    [anna, bob],
    [bob, anna],
  ] as const) {
    const { frames, heard } = await user.report(other, sinceMs);
    expectInOrder(frames);
    const longest = `${user.userId}: longest time without`;
    expect(longestGapMs(frames), `${longest} a picture`).toBeLessThan(MAX_GAP_MS);
    expect(longestGapMs(heard), `${longest} sound`).toBeLessThan(MAX_GAP_MS);
    const events = await user.events(sinceMs);
    expect(events.filter(({ event }) => /error|kicked|remote-user|available/.test(event))).toEqual(
      [],
    );
  }
  forgiveNetwork(anna);
});

test('a client whose address changes stays in the call', async ({ newUser, relay }) => {
  needsWebTransport();
  const anna = await newUser('anna', 'call.html', relay.origin);
  const bob = await newUser('bob');
  await call(anna, bob, { transport: 'webtransport' });
  const sinceMs = await anna.now();
  relay.rebindUdp();
  await anna.sees(bob, { sinceMs, count: 60 });
  await bob.sees(anna, { sinceMs, count: 60 });
  const { frames } = await bob.report(anna, sinceMs);
  expect(longestGapMs(frames)).toBeLessThan(MAX_GAP_MS);
  const events = await bob.events(sinceMs);
  expect(events.filter(({ event }) => /remote-user/.test(event))).toEqual([]);
});

test('a broken connection is resumed before anybody sees it', async ({ newUser, relay }) => {
  const anna = await newUser('anna', 'call.html', relay.origin);
  const bob = await newUser('bob');
  await call(anna, bob, { transport: 'websocket' });
  const sinceMs = await anna.now();
  relay.resetTcp();
  const resetMs = await anna.now();
  await anna.sees(bob, { sinceMs: resetMs, count: 60 });
  await bob.sees(anna, { sinceMs: resetMs, count: 60 });
  await anna.hears(bob, { sinceMs: resetMs, count: 4 });
  await bob.hears(anna, { sinceMs: resetMs, count: 4 });
  const events = await bob.events(sinceMs);
  expect(events.filter(({ event }) => /remote-user|available/.test(event))).toEqual([]);
  await anna.waitForEvent({ event: 'connection-state-changed', state: 'CONNECTED' }, sinceMs);
  forgiveNetwork(anna);
});
