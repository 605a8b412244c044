// A page in a room with somebody who has no connection: a source that plays a file into the room, and a consumer that takes
// what the page publishes, each on a worker of its own (synthetic_gateway.cc).
import { startGateway, syntheticGatewayPath } from './support/gateway.mjs';
import { expect, test as base } from './support/fixtures';
import { SOON_MS } from './support/user';

const test = base.extend({
  gateway: async ({ gatewayArgs }, use) => {
    const gateway = await startGateway({
      program: syntheticGatewayPath(),
      args: ['--workers', '2', ...gatewayArgs],
    });
    await use(gateway);
    const { code } = await gateway.stop();
    expect(code, `the gateway's exit status\n${gateway.log()}`).toBe(0);
  },
});

interface Counts {
  streams: number;
  packets: number;
  videoPackets: number;
  keyframes: number;
  faults: number;
  keyframeRequests: number;
}

test('a page sees what a source plays, and a consumer gets what the page publishes', async ({
  newUser,
  gateway,
}) => {
  const counts = (): Counts =>
    JSON.parse(
      gateway
        .log()
        .match(/synthetic (\{.*\})/g)
        ?.at(-1)
        ?.slice('synthetic '.length) ?? '{}',
    );
  const anna = await newUser('anna');
  await anna.join({ roomId: 1 });
  await anna.waitForEvent({
    event: 'remote-video-available',
    userId: 'synthetic',
    streamType: 'main',
  });
  // Its pictures have no barcode: they are counted alone.
  const pictures = () => anna.page.evaluate(() => window.call.report('synthetic').pictures);
  await expect.poll(pictures, { timeout: SOON_MS }).toBeGreaterThan(30);
  expect(counts().keyframeRequests, 'what the page asks for reaches the source').toBeGreaterThan(0);

  await expect.poll(() => counts().streams, { message: 'her picture and her sound' }).toBe(2);
  await expect.poll(() => counts().videoPackets).toBeGreaterThan(100);
  await expect
    .poll(() => counts().packets - counts().videoPackets, { message: 'sound' })
    .toBeGreaterThan(50);
  expect(counts()).toMatchObject({ faults: 0 });
  expect(await anna.run('exitRoom')).toBeNull();
  await expect.poll(() => counts().streams).toBe(0);
});
