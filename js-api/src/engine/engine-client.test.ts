import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { EngineClient } from './engine-client';
import type { EngineEvent } from './messages';

class FakeWorker {
  onerror: ((event: { message: string }) => void) | undefined;
  terminated = false;
  addEventListener = () => undefined;
  postMessage = () => undefined;
  terminate(): void {
    this.terminated = true;
  }
}

let worker: FakeWorker;
let events: EngineEvent[];
let client: EngineClient;
beforeEach(() => {
  vi.stubGlobal('location', { href: 'https://rtc.example/page.html' });
  vi.stubGlobal('Worker', function () {
    return (worker = new FakeWorker());
  });
  events = [];
  client = new EngineClient(undefined, (event) => events.push(event));
});
afterEach(() => vi.unstubAllGlobals());

it('a worker that failed is ended, with its connection, and every call fails', async () => {
  const waiting = expect(client.rpc.call('statistics')).rejects.toThrow('oops');
  worker.onerror?.({ message: 'oops' });
  expect(worker.terminated).toBe(true);
  await waiting;
  await expect(client.loaded).rejects.toThrow('oops');
  expect(events).toEqual([
    { event: 'failure', part: 'engine', failure: { kind: 'engine', code: 0, message: 'oops' } },
  ]);
});
