import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RtcError } from '../errors/rtc-error';
import { startWorker } from './worker';

beforeEach(() => {
  vi.stubGlobal('location', {
    href: 'https://app.example/page.html',
    origin: 'https://app.example',
  });
  // As browsers do with a script of another origin.
  vi.stubGlobal('Worker', function (this: { url: string }, url: string) {
    if (new URL(url).origin !== location.origin) throw new DOMException('no', 'SecurityError');
    this.url = url;
  });
});
afterEach(() => vi.unstubAllGlobals());

it('starts workers of the own origin', () => {
  expect(startWorker('workers/engine.js', '/sdk')).toMatchObject({
    url: 'https://app.example/sdk/workers/engine.js',
  });
});

it('says what to do when the files are on another origin', () => {
  const start = () => startWorker('workers/engine.js', 'https://rtc.example/sdk/');
  expect(start).toThrow(RtcError);
  expect(start).toThrow(/assetsPath/);
  expect(start).toThrow(/https:\/\/app\.example/);
});
