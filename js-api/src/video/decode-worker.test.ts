import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RpcClient, type Endpoint } from '../util/rpc';
import type { DecodeEvent, DecodeMethods } from './messages';

const modules = vi.hoisted(() => ({ load: (_url: string): Promise<unknown> => Promise.resolve() }));
vi.mock('../util/wasm-loader', () => ({
  loadWasm: (url: string) => modules.load(url),
  readCString: () => '',
}));

let decoders: string[];
let worker: RpcClient<DecodeMethods, DecodeEvent>;
let port: { close: () => void };
beforeEach(async () => {
  decoders = [];
  port = { close: vi.fn<() => void>() };
  modules.load = () => Promise.resolve(wasm);
  const channel = new EventTarget();
  const send = (type: string) => (data: unknown) =>
    queueMicrotask(() => channel.dispatchEvent(new MessageEvent(type, { data })));
  const end = (own: string, other: string): Endpoint => ({
    postMessage: send(other),
    addEventListener: (_type, listener) =>
      channel.addEventListener(own, listener as (event: Event) => void),
  });
  worker = new RpcClient(end('page', 'worker'), () => undefined);
  vi.stubGlobal('self', end('worker', 'page'));
  vi.resetModules();
  await import('./decode-worker');
});
afterEach(() => vi.unstubAllGlobals());

const wasm = {
  ferry_decoder_create: () => decoders.push('create'),
  ferry_decoder_destroy: () => decoders.push('destroy'),
};
const load = () => worker.call('load', { wasmUrls: { vp8: 'vp8.wasm' } });
const add = () =>
  worker.call('add', {
    decodingId: '1',
    codec: 'vp8',
    port: port as MessagePort,
    sink: { kind: 'frames' },
  });
const remove = () => worker.call('remove', { decodingId: '1' });

it('decodes from add to remove', async () => {
  await Promise.all([load(), add()]);
  expect(await worker.call('stats', { decodingId: '1' })).toMatchObject({ frames: 0 });
  await remove();
  expect(decoders).toEqual(['create', 'destroy']);
});

it('a module that could not be loaded is loaded again for the next video', async () => {
  modules.load = () => Promise.reject(new Error('HTTP 503'));
  const failing = [load(), add()].map((call) => expect(call).rejects.toThrow('HTTP 503'));
  await Promise.all(failing);
  modules.load = () => Promise.resolve(wasm);
  await Promise.all([load(), add()]);
  expect(decoders).toEqual(['create']);
});

it('removed while the module loads: no decoder is made, the port is closed', async () => {
  await Promise.all([load(), add(), remove()]);
  expect(decoders).toEqual([]);
  expect(port.close).toHaveBeenCalledOnce();
  expect(await worker.call('stats', { decodingId: '1' })).toBeUndefined();
});
