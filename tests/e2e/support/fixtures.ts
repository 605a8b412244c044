// What every test begins with: a gateway of its own, and users who come to it.
import { test as base, expect } from '@playwright/test';
import { closePage, openPage } from './deadlines';
import { FIRST_DRIVABLE, firefoxTooOld } from './firefox.mjs';
import { hasWebTransport, startGateway } from './gateway.mjs';
import { startRelay } from './relay.mjs';
import { User } from './user';

export type Gateway = Awaited<ReturnType<typeof startGateway>>;

interface Fixtures {
  /** Flags for the gateway of this test. */
  gatewayArgs: string[];
  gateway: Gateway;
  /** A network in front of the gateway that can fail. */
  relay: Awaited<ReturnType<typeof startRelay>>;
  /** Opens a page for a user; `page` is the file under /e2e/pages/, `origin` a way to the gateway. */
  newUser: (userId: string, page?: string, origin?: string) => Promise<User>;
}

export const test = base.extend<Fixtures>({
  gatewayArgs: [[], { option: true }],

  gateway: async ({ gatewayArgs }, use, testInfo) => {
    const gateway = await startGateway({ args: gatewayArgs });
    await use(gateway);
    if (testInfo.status !== testInfo.expectedStatus) {
      await testInfo.attach('gateway.log', { body: gateway.log(), contentType: 'text/plain' });
    }
    const { code, signal } = await gateway.stop();
    // A test that killed it has seen to its end itself.
    if (signal !== 'SIGKILL') expect(code, `the gateway's exit status\n${gateway.log()}`).toBe(0);
  },

  relay: async ({ gateway }, use) => {
    const relay = await startRelay(gateway.origin);
    await use(relay);
    await relay.stop();
  },

  newUser: async ({ browser, gateway }, use) => {
    const users: User[] = [];
    await use(async (userId, file = 'call.html', origin = gateway.origin) => {
      const page = await openPage(browser, userId);
      const user = new User(page, userId, users.length + 1);
      users.push(user);
      await page.goto(`${origin}/e2e/pages/${file}`);
      await page.waitForFunction(() => Boolean(window.call));
      return user;
    });
    const complaints = users.flatMap((user) => user.complaints);
    await Promise.all(users.map(({ page, userId }) => closePage(page, userId)));
    expect(complaints, 'errors in the pages').toEqual([]);
  },
});

/** For tests that ask for WebTransport itself: skips the test that calls it where the gateway was built without. */
export function needsWebTransport(transport = 'webtransport'): void {
  const impossible = transport === 'webtransport' && !hasWebTransport();
  test.skip(impossible, 'the gateway was built without WebTransport');
}

/** Of a file: skips its tests in a Firefox that cannot be driven. */
export function skipFirefoxTooOld(): void {
  test.skip(
    ({ browserName }) => browserName === 'firefox' && firefoxTooOld(),
    `this Firefox is too old for Playwright, which needs ${FIRST_DRIVABLE}`,
  );
}

export { expect };
