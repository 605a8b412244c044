// The ways of capturing and showing pictures that other browsers need, forced in Chromium.
import { expect, test } from './support/fixtures';
import { expectInOrder, expectPicturesFlow } from './support/user';

for (const { capture, render } of [
  { capture: 'frame', render: undefined },
  { capture: 'canvas', render: undefined },
  { capture: undefined, render: 'canvas' },
]) {
  test(`captures by ${capture ?? 'processor'} and shows by ${render ?? 'generator'}`, async ({
    newUser,
  }) => {
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await anna.page.evaluate(
      (way) => Object.assign(globalThis, { ferryVideoCapture: way }),
      capture,
    );
    await bob.page.evaluate((way) => Object.assign(globalThis, { ferryVideoRender: way }), render);
    await anna.join();
    await bob.join({ roomId: 1 }, { video: false });
    await bob.sees(anna, { count: 30 });
    const measured = await bob.measure(anna, 3000);
    expectInOrder(measured.frames);
    expectPicturesFlow(measured);
    expect(measured.frames.at(-1)).toMatchObject({ width: 640, height: 360 });
  });
}
