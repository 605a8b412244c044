// The SDK behind reverse proxies. Those that people run are in tests/proxies; these are what a page sees of them.
import { expect, test } from './support/fixtures';
import { forgiveNetwork } from './support/user';
import { startWebProxy } from './support/web-proxy.mjs';

test('under a path, a page finds the gateway that served it', async ({ newUser, gateway }) => {
  const proxy = await startWebProxy(gateway, { prefix: '/calls' });
  const anna = await newUser('anna', 'call.html', proxy.origin);
  const bob = await newUser('bob');
  await anna.join({ roomId: 1, transport: 'websocket' });
  await bob.join({ roomId: 1, transport: 'websocket' });
  await anna.sees(bob, { count: 10 });
  await bob.sees(anna, { count: 10 });
  expect(await anna.run('exitRoom')).toBeNull();
  await proxy.stop();
});

test('and one that names it with a slash at the end', async ({ newUser, gateway }) => {
  const proxy = await startWebProxy(gateway, { prefix: '/calls' });
  const anna = await newUser('anna');
  const address = `${proxy.origin.replace('https', 'wss')}/`;
  expect(await anna.enter({ roomId: 1, transport: 'websocket', proxy: address })).toBeNull();
  expect(await anna.run('exitRoom')).toBeNull();
  await proxy.stop();
});

test.describe('a proxy that lacks Upgrade', () => {
  const words = /websocket: .*: a proxy in between does not pass on Upgrade and Connection/;

  for (const where of ['of the page’s own origin', 'elsewhere'])
    test(`${where} is said to`, async ({ newUser, gateway }) => {
      const proxy = await startWebProxy(gateway, { upgrade: false });
      const own = where !== 'elsewhere';
      const anna = await newUser('anna', 'call.html', own ? proxy.origin : gateway.origin);
      const error = await anna.enter({
        roomId: 1,
        transport: 'websocket',
        ...(own ? {} : { proxy: proxy.origin.replace('https', 'wss') }),
      });
      expect(error).toMatchObject({ name: 'OPERATION_FAILED', extraCode: 5501 });
      expect(error?.message).toMatch(words);
      expect(gateway.log()).toContain('event=upgrade-lost');
      forgiveNetwork(anna);
      await proxy.stop();
    });
});

test.describe('a gateway that refuses the page', () => {
  test.use({ gatewayArgs: ['--allowed-origins', 'https://other.example'] });

  test('is not taken for a proxy that lacks Upgrade', async ({ newUser }) => {
    const anna = await newUser('anna');
    const error = await anna.enter({ roomId: 1, transport: 'websocket' });
    expect(error?.message).toMatch(/HTTP 403: pages of https:\S+ may not connect here/);
    forgiveNetwork(anna);
  });
});
