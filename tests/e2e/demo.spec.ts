// The demo as people use it: through its page, with the machine's (fake) camera and microphone.
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Page } from '@playwright/test';
import { expect, test as base } from './support/fixtures';
import { startGateway } from './support/gateway.mjs';

declare global {
  interface Window {
    axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
  }
}

const DESKTOP = { width: 1280, height: 760 };
const PHONE = { width: 390, height: 844 };

interface Visit {
  page: Page;
  /** What the page wrote as errors. */
  complaints: string[];
}

const test = base.extend<{
  /** Opens the demo in a browser of its own, as a person would. */
  open: (options?: { path?: string; viewport?: typeof DESKTOP }) => Promise<Visit>;
}>({
  open: async ({ browser, gateway }, use) => {
    const pages: Page[] = [];
    await use(async ({ path = '/', viewport = DESKTOP } = {}) => {
      const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport });
      await context.grantPermissions(
        ['clipboard-read', 'clipboard-write', 'camera', 'microphone'],
        { origin: gateway.origin },
      );
      const page = await context.newPage();
      pages.push(page);
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(String(error.stack)));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(message.text());
      });
      await page.goto(gateway.origin + path);
      return { page, complaints };
    });
    await Promise.all(pages.map((page) => page.context().close()));
  },
});

async function enter(page: Page, name: string, room?: string): Promise<void> {
  await page.getByLabel('Your name').fill(name);
  if (room !== undefined) await page.getByRole('textbox', { name: 'Room' }).fill(room);
  await page.getByRole('button', { name: 'Enter the room' }).click();
}

const tile = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });

/** The <video> of a tile plays: its time goes on, and its size is that of a picture. */
async function plays(page: Page, name: string): Promise<void> {
  const video = tile(page, name).locator('video');
  await expect(video).toBeVisible();
  const frames = () =>
    video.evaluate((element) => {
      const { videoWidth, currentTime } = element as HTMLVideoElement;
      return videoWidth > 100 ? currentTime : 0;
    });
  await expect.poll(frames, { message: `${name} moves` }).toBeGreaterThan(0);
  const then = await frames();
  await expect.poll(frames, { message: `${name} moves on` }).toBeGreaterThan(then);
}

test('two people meet by an invite link, mute, and leave', async ({ open }) => {
  const anna = await open();
  await expect(anna.page.getByRole('heading', { name: 'Enter a room' })).toBeVisible();
  await expect(anna.page.locator('.preview video')).toBeVisible();
  await enter(anna.page, 'Anna Lindqvist', 'quiet-harbor-42');
  await expect(anna.page.getByText('Nobody else is here yet.')).toBeVisible();
  await plays(anna.page, 'Anna Lindqvist');

  await anna.page.locator('[data-control=invite]').first().click();
  await expect(anna.page.getByText('The invite link is copied.')).toBeVisible();
  const link = await anna.page.evaluate(() => navigator.clipboard.readText());
  expect(new URL(link).searchParams.get('room')).toBe('quiet-harbor-42');

  const bob = await open({ path: new URL(link).search.replace('?', '/?') });
  await expect(bob.page.getByRole('heading', { name: 'You are invited' })).toBeVisible();
  await enter(bob.page, 'Bob');
  await plays(bob.page, 'Anna Lindqvist');
  await plays(anna.page, 'Bob');
  await expect(tile(anna.page, 'Bob')).toContainText('microphone on');

  await bob.page.getByRole('button', { name: 'Turn microphone off' }).click();
  await expect(tile(anna.page, 'Bob')).toContainText('microphone off');
  await bob.page.getByRole('button', { name: 'Turn camera off' }).click();
  await expect(tile(anna.page, 'Bob')).toContainText('camera off');
  await expect(tile(anna.page, 'Bob').locator('video')).toHaveCount(0);
  await bob.page.getByRole('button', { name: 'Turn camera on' }).click();
  await plays(anna.page, 'Bob');
  await bob.page.getByRole('button', { name: 'Turn microphone on' }).click();
  await expect(tile(anna.page, 'Bob')).toContainText('microphone on');

  await bob.page.getByRole('button', { name: 'Leave' }).click();
  // First what is shown for some seconds only.
  await expect(anna.page.getByText('Bob left.')).toBeVisible();
  await expect(tile(anna.page, 'Bob')).toHaveCount(0);
  await expect(bob.page.getByRole('heading', { name: 'Enter a room' })).toBeVisible();

  // And back again: the lobby of somebody who left leads to the same room.
  await bob.page.getByRole('button', { name: 'Enter the room' }).click();
  await plays(anna.page, 'Bob');
  expect([...anna.complaints, ...bob.complaints]).toEqual([]);
});

test('shows what each stream does', async ({ open }) => {
  const anna = await open();
  const bob = await open();
  await enter(anna.page, 'Anna', '77');
  await enter(bob.page, 'Bob', '77');
  await plays(anna.page, 'Bob');
  await anna.page.getByRole('button', { name: 'Statistics', exact: true }).click();
  const panel = anna.page.getByRole('complementary', { name: 'Statistics' });
  await expect(panel.locator('.card', { hasText: 'Gateway' })).toContainText(/Round trip\d+ ms/);
  const picture = panel.locator('.card', { hasText: 'Bob' }).filter({ hasText: 'picture' });
  await expect(picture).toContainText(/Bitrate[\d.]+ [kM]bps/);
  await expect(picture).toContainText(/Frames\d+ \/s/);
  await expect(picture).toContainText(/Size640 × 360/);
  await expect(picture).toContainText(/Delay\d+ ms/);
  await expect(picture).toContainText(/Loss[\d.]+ %/);
  await expect(picture.locator('canvas')).toBeVisible();
  await panel.getByRole('button', { name: 'Close statistics' }).click();
  await expect(panel).toBeHidden();
  expect([...anna.complaints, ...bob.complaints]).toEqual([]);
});

test('says what is missing before it asks the gateway', async ({ open }) => {
  const { page } = await open();
  await enter(page, '', 'zu früh');
  await expect(page.getByText('Tell the others who you are.')).toBeVisible();
  await expect(page.getByText('Use plain letters, digits, spaces or -')).toBeVisible();
  await expect(page.getByLabel('Your name')).toBeFocused();
});

test('says that the same user came from elsewhere', async ({ open }) => {
  const first = await open();
  await enter(first.page, 'Anna', '5');
  // The own picture is there before: who enters last puts the other out.
  await expect(first.page.locator('.call.entered')).toBeVisible();
  const tag = await first.page.evaluate(() => sessionStorage.getItem('ferry.tab'));
  const second = await open();
  await second.page.evaluate((value) => sessionStorage.setItem('ferry.tab', String(value)), tag);
  await enter(second.page, 'Anna', '5');
  await expect(second.page.locator('.call.entered')).toBeVisible();
  const dialog = first.page.getByRole('alertdialog', { name: 'You are in this call elsewhere' });
  await expect(dialog).toBeVisible();
  // Taking the call back puts the other page out.
  await dialog.getByRole('button', { name: 'Enter again' }).click();
  await plays(first.page, 'Anna');
  await expect(
    second.page.getByRole('alertdialog', { name: 'You are in this call elsewhere' }),
  ).toBeVisible();
});

test.describe('in a room for one', () => {
  test.use({ gatewayArgs: ['--max-rtc-users', '1'] });

  test('says that the room is full', async ({ open }) => {
    const anna = await open();
    await enter(anna.page, 'Anna', '5');
    await expect(anna.page.getByText('Nobody else is here yet.')).toBeVisible();
    const bob = await open();
    await expect(anna.page.locator('.call.entered')).toBeVisible();
    await enter(bob.page, 'Bob', '5');
    const dialog = bob.page.getByRole('alertdialog', { name: 'The room is full' });
    await expect(dialog).toContainText('Wait until somebody leaves');
    await expect(dialog).toContainText('5400 / 20005');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await expect(bob.page.getByRole('button', { name: 'Enter the room' })).toBeEnabled();
  });
});

test('says that the gateway is gone, and that it is back', async ({ gateway, open }) => {
  const { page } = await open();
  await enter(page, 'Anna', '5');
  await expect(page.locator('.call.entered')).toBeVisible();
  await gateway.kill({ leave: true });
  const banner = page.getByText('The connection is lost. Trying to bring it back…');
  await expect(banner).toBeVisible();
  const { directory } = gateway;
  const second = await startGateway({ port: Number(new URL(gateway.origin).port), directory });
  await expect(banner).toBeHidden({ timeout: 30_000 });
  await expect(page.locator('.call.entered')).toBeVisible();
  await second.stop();
});

test('goes on without a camera', async ({ open }) => {
  const { page } = await open();
  await page.addInitScript(() => {
    const refuse = () => Promise.reject(new DOMException('Permission denied', 'NotAllowedError'));
    navigator.mediaDevices.getUserMedia = refuse;
  });
  await page.reload();
  await expect(page.getByText('Camera or microphone is blocked')).toBeVisible();
  await enter(page, 'Anna', '5');
  await expect(page.locator('.call.entered')).toBeVisible();
  await expect(tile(page, 'Anna')).toContainText('camera off');
});

test('fits a phone', async ({ open }) => {
  const anna = await open({ viewport: PHONE });
  const fits = () =>
    anna.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);
  await expect(anna.page.getByRole('button', { name: 'Enter the room' })).toBeVisible();
  expect(await fits()).toBe(true);
  await enter(anna.page, 'Anna', '5');
  const bob = await open({ viewport: PHONE });
  await enter(bob.page, 'Bob', '5');
  await plays(anna.page, 'Bob');
  await plays(anna.page, 'Anna');
  expect(await fits()).toBe(true);
  for (const name of ['Anna', 'Bob']) {
    const box = await tile(anna.page, name).boundingBox();
    expect(box?.width).toBeGreaterThan(180);
    expect((box?.x ?? -1) >= 0 && (box?.x ?? 0) + (box?.width ?? 0) <= PHONE.width).toBe(true);
  }
  for (const button of await anna.page.locator('.controls button').all()) {
    const box = await button.boundingBox();
    expect(
      Math.min(box?.width ?? 0, box?.height ?? 0),
      'large enough for a finger',
    ).toBeGreaterThanOrEqual(44);
  }
});

test('lets choose another camera in the call', async ({ open }) => {
  const { page, complaints } = await open();
  await enter(page, 'Anna', '5');
  await plays(page, 'Anna');
  await page.getByTitle('Camera: choose').click();
  const select = page.getByRole('combobox', { name: 'Camera' });
  await expect(select).toBeEnabled();
  const [label] = await select.locator('option').allTextContents();
  await select.selectOption({ label: label ?? '' });
  await page.keyboard.press('Escape');
  await expect(select).toBeHidden();
  await plays(page, 'Anna');
  expect(complaints).toEqual([]);
});

for (const colorScheme of ['light', 'dark'] as const) {
  test(`has no fault of access that a machine finds, ${colorScheme}`, async ({ open }) => {
    const { page } = await open();
    await page.emulateMedia({ colorScheme });
    const axe = await readFile(
      createRequire(import.meta.url).resolve('axe-core/axe.min.js'),
      'utf8',
    );
    const faults = async () => {
      // Moving parts are half transparent.
      await page.waitForFunction(() => document.getAnimations().length === 0);
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run());
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    };
    await expect(page.locator('.preview.video video')).toBeVisible();
    expect(await faults()).toEqual([]);
    await enter(page, 'Anna', '5');
    await plays(page, 'Anna');
    await page.getByRole('button', { name: 'Statistics', exact: true }).click();
    await expect(page.locator('.card').first()).toContainText('Round trip');
    expect(await faults()).toEqual([]);
  });
}

test('the smallest page makes a call', async ({ open }) => {
  const one = await open({ path: '/example.html' });
  const two = await open({ path: '/example.html' });
  for (const { page } of [one, two]) {
    await expect(page.locator('#videos video')).toHaveCount(2);
    const sizes = () =>
      page
        .locator('#videos video')
        .evaluateAll((list) => list.map((video) => (video as HTMLVideoElement).videoWidth));
    await expect.poll(sizes).toEqual([640, 640]);
  }
  expect([...one.complaints, ...two.complaints]).toEqual([]);
});
