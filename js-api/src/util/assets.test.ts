import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { assetUrl, gatewayUrl, setScriptUrl } from './assets';

beforeEach(() => {
  vi.stubGlobal('location', { href: 'https://app.example/call/page.html' });
  setScriptUrl('https://rtc.example:8443/sdk/trtc.js');
});
afterEach(() => vi.unstubAllGlobals());

it('finds assets beside the script, or where it is told', () => {
  expect(assetUrl('workers/engine.js')).toBe('https://rtc.example:8443/sdk/workers/engine.js');
  expect(assetUrl('vp8.wasm', '/static/rtc')).toBe('https://app.example/static/rtc/vp8.wasm');
  expect(assetUrl('vp8.wasm', './rtc/')).toBe('https://app.example/call/rtc/vp8.wasm');
});

it.each([
  [undefined, 'wss://rtc.example:8443/rtc/v1'],
  ['wss://far.example', 'wss://far.example/rtc/v1'],
  ['https://far.example:444/', 'wss://far.example:444/rtc/v1'],
  ['http://localhost:8080', 'ws://localhost:8080/rtc/v1'],
  ['far.example:444', 'wss://far.example:444/rtc/v1'],
  ['wss://far.example/behind/proxy', 'wss://far.example/behind/proxy'],
  ['wss://far.example/behind/proxy/', 'wss://far.example/behind/proxy/rtc/v1'],
  ['far.example/calls/', 'wss://far.example/calls/rtc/v1'],
])('gateway %s', (address, url) => expect(gatewayUrl(address)).toBe(url));

it.each([
  ['https://app.example/calls/sdk/trtc.js', 'wss://app.example/calls/rtc/v1'],
  ['https://app.example/a/sdk/b/sdk/trtc.esm.js?v=1', 'wss://app.example/a/sdk/b/rtc/v1'],
  ['https://app.example/assets/app-3f2.js', 'wss://app.example/rtc/v1'],
  ['https://app.example/sdk/lib/trtc.js', 'wss://app.example/rtc/v1'],
])('the gateway that served %s', (script, url) => {
  setScriptUrl(script);
  expect(gatewayUrl()).toBe(url);
});

it('says what is no address', () => {
  expect(() => gatewayUrl('wss://')).toThrow("'proxy' is no address");
});
