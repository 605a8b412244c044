import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { NetworkWatch } from './network-watch';

let page: { window: EventTarget; document: EventTarget & { visibilityState?: string } };
let connection: EventTarget;
let told: string[];
let watch: NetworkWatch;
beforeEach(() => {
  page = { window: new EventTarget(), document: new EventTarget() };
  connection = new EventTarget();
  vi.stubGlobal('window', page.window);
  vi.stubGlobal('document', page.document);
  vi.stubGlobal('navigator', { connection });
  told = [];
  watch = new NetworkWatch((kind) => told.push(kind));
});
afterEach(() => vi.unstubAllGlobals());

it('tells another network from a page that slept', () => {
  page.window.dispatchEvent(new Event('online'));
  connection.dispatchEvent(new Event('change'));
  page.window.dispatchEvent(new Event('pageshow'));
  page.document.dispatchEvent(new Event('resume'));
  expect(told).toEqual(['changed', 'changed', 'woke', 'woke']);
});

it('takes being looked at again, but not being hidden, for waking', () => {
  page.document.visibilityState = 'hidden';
  page.document.dispatchEvent(new Event('visibilitychange'));
  page.document.visibilityState = 'visible';
  page.document.dispatchEvent(new Event('visibilitychange'));
  expect(told).toEqual(['woke']);
});

it('tells the end of a page, but not of one that may come back', () => {
  page.window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
  expect(told).toEqual([]);
  page.window.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: false }));
  expect(told).toEqual(['closing']);
});

it('ends', () => {
  watch.stop();
  page.window.dispatchEvent(new Event('online'));
  expect(told).toEqual([]);
});

it('does without what a browser does not have', () => {
  vi.stubGlobal('navigator', {});
  new NetworkWatch((kind) => told.push(`other ${kind}`));
  page.window.dispatchEvent(new Event('online'));
  expect(told).toEqual(['changed', 'other changed']);
});
