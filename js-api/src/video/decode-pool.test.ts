import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { setLogLevel } from '../util/logger';
import { DecodePool } from './decode-pool';

vi.mock('./sink/choose-sink', () => ({
  createSink: () => ({ decoded: { kind: 'frames' }, transfer: [], close: () => undefined }),
}));

class FakeWorker {
  onerror: ((event: { message: string }) => void) | undefined;
  terminated = false;
  readonly calls: string[] = [];
  private answer: ((event: { data: unknown }) => void) | undefined;

  addEventListener(_type: string, listener: (event: { data: unknown }) => void): void {
    this.answer = listener;
  }
  postMessage({ call, method }: { call: number; method: string }): void {
    this.calls.push(method);
    queueMicrotask(() => this.answer?.({ data: { answer: call } }));
  }
  terminate(): void {
    this.terminated = true;
  }
}

let workers: FakeWorker[];
let errors: string[];
let pool: DecodePool;
beforeEach(() => {
  setLogLevel(5);
  vi.stubGlobal('location', { href: 'https://rtc.example/page.html' });
  vi.stubGlobal('navigator', { hardwareConcurrency: 2 });
  vi.stubGlobal('Worker', function () {
    const worker = new FakeWorker();
    workers.push(worker);
    return worker;
  });
  workers = [];
  errors = [];
  pool = new DecodePool();
});
afterEach(() => vi.unstubAllGlobals());

const add = (name: string) =>
  pool.add('vp8', {} as MessagePort, {
    onSize: () => undefined,
    onError: (message) => errors.push(`${name}: ${message}`),
  });

it('a stream stopped and started again is another decoding to the worker', async () => {
  const first = await add('a');
  await add('a');
  first.close();
  expect(workers).toHaveLength(1);
  expect(workers[0]?.calls).toEqual([
    'hasTrackGenerator',
    ...['load', 'add', 'load', 'add'],
    'remove',
  ]);
  workers[0]?.onerror?.({ message: 'oops' });
  expect(errors).toEqual(['a: oops']);
});

it('a worker that failed tells its videos once, and gets no more of them', async () => {
  await Promise.all([add('a'), add('b')]);
  workers[0]?.onerror?.({ message: 'oops' });
  expect(errors).toEqual(['a: oops', 'b: oops']);
  expect(workers[0]?.terminated).toBe(true);
  await add('c');
  expect(workers).toHaveLength(2);
  expect(workers[1]?.calls).toEqual(['hasTrackGenerator', 'load', 'add']);
  await new Promise((resolve) => setTimeout(resolve));
  expect(errors).toHaveLength(2);
});
