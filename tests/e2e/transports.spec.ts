// The call over each transport, and from one to the other; in every browser of the configuration.
import { expect, test } from './support/fixtures';
import { expectInOrder } from './support/user';

for (const transport of ['websocket'] as const) {
  test(`a call over ${transport}`, async ({ newUser }) => {
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await anna.join();
    await bob.join();
    await anna.sees(bob, { count: 60 });
    await bob.sees(anna, { count: 60 });
    await bob.hears(anna, { count: 4 });
    await anna.hears(bob, { count: 4 });
    const measured = await anna.measure(bob, 4000);
    expectInOrder(measured.frames);
    expect(measured.fps).toBeGreaterThanOrEqual(24);
    expect(measured.failures).toBeLessThanOrEqual(2);
  });
}
