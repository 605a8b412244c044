// Sessions over connections that come and go: what is back, and what the others see.
import { chromium } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';
import { expect, needsWebTransport, test } from './support/fixtures';
import { startGateway } from './support/gateway.mjs';
import { signalTree } from './support/processes.mjs';
import { User, forgiveNetwork } from './support/user';

const FOUND_AGAIN_MS = 20_000;
/** Far below the 90 s that a session without a connection is kept for. */
const TOLD_MS = 5000;
/** The gateway hears nothing of a client for 15 s before it ends the connection. */
const ASLEEP_MS = 25_000;

async function call(anna: User, bob: User, transport: string) {
  await anna.join({ roomId: 1, transport });
  await bob.join({ roomId: 1, transport });
  await anna.sees(bob, { count: 30 });
  await bob.sees(anna, { count: 30 });
}

for (const transport of ['webtransport', 'websocket'] as const) {
  test(`every track and every preference is back after the gateway was restarted, over ${transport}`, async ({
    gateway,
    newUser,
  }) => {
    needsWebTransport(transport);
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await call(anna, bob, transport);
    const killedMs = await anna.now();
    await gateway.kill({ leave: true });
    await anna.waitForEvent({ event: 'connection-state-changed', state: 'CONNECTING' }, killedMs);
    // Asked for while there is nobody to ask.
    const muting = anna.run('updateLocalAudio', { mute: true });
    const silencing = bob.run('muteRemoteAudio', 'anna', true);
    const { directory } = gateway;
    const second = await startGateway({ port: Number(new URL(gateway.origin).port), directory });
    try {
      for (const user of [anna, bob]) {
        const found = { event: 'connection-state-changed', state: 'CONNECTED' };
        await user.waitForEvent(found, killedMs, FOUND_AGAIN_MS);
      }
      expect(await muting).toBeNull();
      expect(await silencing).toBeNull();
      const sinceMs = await anna.now();
      await bob.sees(anna, { sinceMs, count: 30 });
      await anna.sees(bob, { sinceMs, count: 30 });
      await anna.hears(bob, { sinceMs });
      await bob.waitForEvent({ event: 'remote-audio-unavailable', userId: 'anna' }, killedMs);
      const events = await anna.events(killedMs);
      expect(events.filter(({ event }) => /error|remote|publish/.test(event))).toEqual([]);
      expect(await anna.run('updateLocalAudio', { mute: false })).toBeNull();
      expect(await bob.run('muteRemoteAudio', 'anna', false)).toBeNull();
      await bob.hears(anna, { sinceMs: await bob.now() });
      for (const user of [anna, bob]) {
        expect(await user.run('exitRoom')).toBeNull();
        forgiveNetwork(user);
      }
    } finally {
      expect((await second.stop()).code).toBe(0);
    }
  });

  test(`who closes the page is seen to leave at once, over ${transport}`, async ({ newUser }) => {
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await call(anna, bob, transport);
    const closedMs = await bob.now();
    await anna.page.close();
    const left = { event: 'remote-user-exit', userId: 'anna' };
    await bob.waitForEvent(left, closedMs, TOLD_MS);
  });

  test(`who goes to another page is seen to leave at once, over ${transport}`, async ({
    newUser,
  }) => {
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await call(anna, bob, transport);
    const goneMs = await bob.now();
    await anna.page.reload();
    const left = { event: 'remote-user-exit', userId: 'anna' };
    await bob.waitForEvent(left, goneMs, TOLD_MS);
  });

  test(`a machine that slept goes on with its session, over ${transport}`, async ({
    gateway,
    newUser,
  }) => {
    const machine = await chromium.launchServer(launchOptions());
    const pid = Number(machine.process().pid);
    try {
      const browser = await chromium.connect(machine.wsEndpoint());
      const page = await browser.newPage({ ignoreHTTPSErrors: true });
      const anna = new User(page, 'anna', 2);
      await page.goto(`${gateway.origin}/e2e/pages/call.html`);
      await page.waitForFunction(() => Boolean(window.call));
      const bob = await newUser('bob');
      await call(anna, bob, transport);
      const sleptMs = await bob.now();
      signalTree(pid, 'SIGSTOP');
      await expect
        .poll(() => gateway.log(), { timeout: ASLEEP_MS })
        .toMatch(/event=(closing code=4005|disconnected)/);
      signalTree(pid, 'SIGCONT');
      const sinceMs = await bob.now();
      await bob.sees(anna, { sinceMs, count: 30 });
      await anna.sees(bob, { sinceMs, count: 30 });
      await bob.hears(anna, { sinceMs });
      const events = await bob.events(sleptMs);
      expect(events.filter(({ event }) => /remote-user|available/.test(event))).toEqual([]);
    } finally {
      signalTree(pid, 'SIGCONT');
      await machine.close();
    }
  });
}

test('who leaves while the network is away is seen to leave when it is back', async ({
  newUser,
  relay,
}) => {
  const anna = await newUser('anna', 'call.html', relay.origin);
  const bob = await newUser('bob');
  await call(anna, bob, 'websocket');
  const sinceMs = await anna.now();
  relay.set({ udp: false, tcp: false });
  relay.resetTcp();
  await anna.waitForEvent({ event: 'connection-state-changed', state: 'CONNECTING' }, sinceMs);
  expect(await anna.run('exitRoom')).toBeNull();
  relay.set({ udp: true, tcp: true });
  const left = { event: 'remote-user-exit', userId: 'anna' };
  await bob.waitForEvent(left, sinceMs, 2 * TOLD_MS);
  forgiveNetwork(anna);
});
