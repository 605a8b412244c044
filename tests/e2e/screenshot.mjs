// Makes docs/images/demo.png: three people in a call of the demo, through a gateway, with drawn cameras.
//   node tests/e2e/screenshot.mjs [FILE] [--dark] [--phone] [--no-statistics]
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { chromium } from '@playwright/test';
import { launchOptions } from './support/chromium.mjs';
import { ROOT, startGateway } from './support/gateway.mjs';

const flags = process.argv.slice(2).filter((argument) => argument.startsWith('--'));
const [file = path.join(ROOT, 'docs/images/demo.png')] = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--'));
const phone = flags.includes('--phone');
const viewport = phone ? { width: 390, height: 844 } : { width: 1280, height: 760 };
/** The link and the charts have to have something to show. */
const STATISTICS_MS = 45_000;

const PEOPLE = [
  {
    name: 'Elena Rossi',
    wall: '#dfe9e4',
    shade: '#b9d0c6',
    skin: '#e9b994',
    hair: '#4a2f23',
    top: '#0b7a75',
    long: true,
  },
  {
    name: 'Marcus Webb',
    wall: '#e9e1d4',
    shade: '#cdbb9f',
    skin: '#8d5a3c',
    hair: '#1d1715',
    top: '#2f4b7c',
    long: false,
  },
  {
    name: 'Yuki Tanaka',
    wall: '#dde3ef',
    shade: '#aebcd8',
    skin: '#f0c9a5',
    hair: '#22222b',
    top: '#b0413e',
    long: true,
  },
];

/** Draws a person in a room; runs in a page. Returns JPEG pictures as base64, a loop of small movements. */
function drawPerson({ wall, shade, skin, hair, top, long }) {
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 360;
  const g = canvas.getContext('2d');
  const fill = (color, shape) => {
    g.fillStyle = color;
    g.beginPath();
    shape();
    g.fill();
  };
  const ellipse = (x, y, rx, ry) => () => g.ellipse(x, y, rx, ry, 0, 0, 2 * Math.PI);
  const box = (x, y, w, h, r) => () => g.roundRect(x, y, w, h, r);
  const pictures = [];
  for (let frame = 0; frame < 40; frame++) {
    const turn = (2 * Math.PI * frame) / 40;
    const light = g.createLinearGradient(0, 0, 640, 360);
    light.addColorStop(0, wall);
    light.addColorStop(1, shade);
    g.fillStyle = light;
    g.fillRect(0, 0, 640, 360);
    // A window, a shelf with books, a plant.
    fill('#ffffffb0', box(40, 36, 130, 150, 8));
    fill(shade, box(101, 36, 8, 150, 0));
    fill(shade, box(40, 106, 130, 8, 0));
    fill('#7a5a41', box(470, 120, 150, 8, 3));
    ['#b0413e', '#2f4b7c', '#d9a441', '#0b7a75', '#6d597a'].forEach((color, i) =>
      fill(color, box(482 + i * 19, 72 + (i % 2) * 8, 15, 48 - (i % 2) * 8, 2)),
    );
    fill('#4c7a52', ellipse(600, 92, 16, 28));
    fill('#c9744f', box(587, 100, 26, 20, 4));
    const x = 320 + 4 * Math.sin(turn);
    const y = 158 + 2 * Math.sin(2 * turn);
    if (long) fill(hair, box(x - 74, y - 60, 148, 190, 66));
    fill(top, () => {
      g.moveTo(150, 370);
      g.bezierCurveTo(160, 280, 240, 262, 320, 262);
      g.bezierCurveTo(400, 262, 480, 280, 490, 370);
    });
    fill(skin, box(x - 24, y + 50, 48, 74, 22));
    fill(skin, ellipse(x, y, 60, 74));
    fill(hair, () => {
      g.ellipse(x, y - 26, 64, 58, 0, Math.PI * 0.98, Math.PI * 2.02);
      g.bezierCurveTo(x + 40, y - 52, x - 20, y - 52, x - 63, y - 24);
    });
    const blink = frame === 12 ? 1 : 6;
    fill('#2b211d', ellipse(x - 22, y + 2, 5.5, blink));
    fill('#2b211d', ellipse(x + 22, y + 2, 5.5, blink));
    fill('#00000018', ellipse(x, y + 20, 7, 5));
    g.strokeStyle = '#8c3f38';
    g.lineWidth = 4;
    g.lineCap = 'round';
    g.beginPath();
    g.arc(x, y + 30, 17 + 2 * Math.sin(3 * turn), 0.18 * Math.PI, 0.82 * Math.PI);
    g.stroke();
    pictures.push(canvas.toDataURL('image/jpeg', 0.92).split(',')[1]);
  }
  return pictures;
}

const folder = mkdtempSync(path.join(os.tmpdir(), 'ferry-shot-'));
const gateway = await startGateway();
const browsers = [];
try {
  const painter = await chromium.launch(launchOptions());
  browsers.push(painter);
  const easel = await painter.newPage();
  const pages = [];
  for (const [i, person] of PEOPLE.entries()) {
    const film = path.join(folder, `${i}.mjpeg`);
    const pictures = await easel.evaluate(drawPerson, person);
    writeFileSync(film, Buffer.concat(pictures.map((text) => Buffer.from(text, 'base64'))));
    const options = launchOptions();
    options.args.push(`--use-file-for-fake-video-capture=${film}`);
    const browser = await chromium.launch(options);
    browsers.push(browser);
    const colorScheme = flags.includes('--dark') ? 'dark' : 'light';
    const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport, colorScheme });
    const page = await context.newPage();
    pages.push(page);
    await page.goto(`${gateway.origin}/?room=quiet-harbor-42`);
    await page.getByLabel('Your name').fill(person.name);
    await page.locator('.preview.video video').waitFor();
    await page.getByRole('button', { name: 'Enter the room' }).click();
    await page.locator('.call.entered').waitFor();
  }
  const [page, second] = pages;
  await second.getByRole('button', { name: 'Turn microphone off' }).click();
  await page.locator('.tile.video video').nth(2).waitFor();
  if (!flags.includes('--no-statistics')) {
    await page.getByRole('button', { name: 'Statistics', exact: true }).click();
    await page.waitForTimeout(STATISTICS_MS);
  } else {
    await page.waitForTimeout(3000);
  }
  await page.screenshot({ path: file });
  process.stdout.write(`${file}\n`);
} finally {
  await Promise.all(browsers.map((browser) => browser.close()));
  await gateway.stop();
  rmSync(folder, { recursive: true, force: true });
}
