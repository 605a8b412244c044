import { expect, it, vi } from 'vitest';
import { RpcClient, RpcError, serve, type Endpoint } from './rpc';

interface Methods {
  double(args: { value: number }): number;
  refuse(args: undefined): void;
  crash(args: undefined): void;
}

function pair(): [Endpoint, Endpoint] {
  const listeners: ((event: MessageEvent) => void)[][] = [[], []];
  const endpoint = (own: number): Endpoint => ({
    addEventListener: (_type, listener) => listeners[own]?.push(listener),
    postMessage: (data) =>
      queueMicrotask(() => listeners[1 - own]?.forEach((l) => l({ data } as MessageEvent))),
  });
  return [endpoint(0), endpoint(1)];
}

function connect(onEvent = vi.fn()) {
  const [page, worker] = pair();
  serve<Methods>(worker, {
    double: ({ value }) => value * 2,
    refuse: () => {
      throw new RpcError({ kind: 'server', code: 70001, message: 'expired' });
    },
    crash: () => Promise.reject(new Error('oops')),
  });
  return { client: new RpcClient<Methods, string>(page, onEvent), worker, onEvent };
}

it('answers calls in any order', async () => {
  const { client } = connect();
  const values = [client.call('double', { value: 1 }), client.call('double', { value: 2 })];
  expect(await Promise.all(values)).toEqual([2, 4]);
});

it('carries failures over, with their code', async () => {
  const { client } = connect();
  await expect(client.call('refuse')).rejects.toMatchObject({
    failure: { kind: 'server', code: 70001, message: 'expired' },
  });
  await expect(client.call('crash')).rejects.toMatchObject({
    failure: { kind: 'engine', message: 'oops' },
  });
});

it('hands other messages to onEvent', async () => {
  const { worker, onEvent } = connect();
  worker.postMessage('hello', []);
  await Promise.resolve();
  expect(onEvent).toHaveBeenCalledWith('hello');
});

it('fails every call when the other side is gone', async () => {
  const { client } = connect();
  const waiting = expect(client.call('double', { value: 1 })).rejects.toThrow('gone');
  client.fail({ kind: 'engine', code: 0, message: 'gone' });
  await waiting;
  await expect(client.call('double', { value: 1 })).rejects.toThrow('gone');
});

it('rejects what cannot be sent, once', async () => {
  const { client, worker } = connect();
  const endpoint = {
    ...worker,
    postMessage: () => {
      throw new Error('not transferable');
    },
  };
  const broken = new RpcClient<Methods, string>(endpoint as Endpoint, vi.fn());
  await expect(broken.call('double', { value: 1 })).rejects.toThrow('not transferable');
  // Nothing is left waiting that could be rejected without anybody listening.
  broken.fail({ kind: 'engine', code: 0, message: 'gone' });
  expect(await client.call('double', { value: 4 })).toBe(8);
});
