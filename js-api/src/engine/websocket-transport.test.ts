import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { OPEN_TIMEOUT_MS, WebSocketTransport } from './websocket-transport';

const URL = 'wss://host.example/calls/rtc/v1';
const REFUSED = `${URL} refused the connection (1006)`;
const LACKS_UPGRADE = 'a proxy in between does not pass on Upgrade and Connection';

class FakeSocket {
  static all: FakeSocket[] = [];
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onopen: (() => void) | null = null;
  closed = false;
  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }
  refuse = () => this.onclose?.({ code: 1006, reason: '' });
  close = () => {
    this.closed = true;
  };
}

const fetched = vi.fn<(address: { href: string }) => Promise<Response>>();
const answer = (status: number, text = '', type = 'text/plain') =>
  fetched.mockResolvedValue(new Response(text, { status, headers: { 'content-type': type } }));
const open = (transport = new WebSocketTransport()) =>
  transport.open(URL).then(
    () => 'open',
    (error: Error) => error.message,
  );
const socket = async (index: number) => {
  await vi.waitUntil(() => FakeSocket.all.length > index);
  return FakeSocket.all[index] as FakeSocket;
};

beforeEach(() => {
  FakeSocket.all = [];
  fetched.mockReset();
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('self', { location: { origin: 'https://page.example' } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe('a WebSocket that is refused', () => {
  it('where the gateway answers a plain request fails for a proxy that lacks Upgrade', async () => {
    answer(426);
    const opening = open();
    (await socket(0)).refuse();
    (await socket(1)).refuse();
    expect(await opening).toContain(`${REFUSED}: ${LACKS_UPGRADE}`);
    expect(fetched).toHaveBeenCalledTimes(1);
    expect(fetched.mock.calls[0]?.[0].href).toBe(
      'https://host.example/calls/rtc/v1?origin=https%3A%2F%2Fpage.example',
    );
  });

  it('only for a moment is opened, and no proxy is blamed', async () => {
    answer(426);
    const opening = open();
    (await socket(0)).refuse();
    (await socket(1)).onopen?.();
    expect(await opening).toBe('open');
  });

  it.each([
    [403, 'pages of https://page.example may not connect here\n', 'text/plain'],
    [429, 'too many connections from 192.0.2.7', 'text/plain; charset=utf-8'],
  ])('by the gateway with %d fails in its words', async (status, text, type) => {
    answer(status, text, type);
    const opening = open();
    (await socket(0)).refuse();
    expect(await opening).toBe(`${REFUSED}: HTTP ${status}: ${text.trim()}`);
  });

  it.each([
    [502, 'a proxy in between does not reach the gateway'],
    [404, 'no gateway is at this path'],
    [200, 'no gateway is at this path'],
  ])('by somebody else with %d fails with what that means', async (status, meaning) => {
    answer(status, '<html>a page</html>', 'text/html');
    const opening = open();
    (await socket(0)).refuse();
    expect(await opening).toContain(`${REFUSED}: HTTP ${status}: ${meaning}`);
  });

  it('where nothing answers fails without a guess', async () => {
    fetched.mockRejectedValue(new TypeError('Failed to fetch'));
    const opening = open();
    (await socket(0)).refuse();
    expect(await opening).toBe(REFUSED);
  });
});

it('asks nothing when there was no answer in time', async () => {
  vi.useFakeTimers();
  const opening = open();
  await vi.advanceTimersByTimeAsync(OPEN_TIMEOUT_MS);
  expect(await opening).toBe(`${URL} did not answer in time`);
  expect(fetched).not.toHaveBeenCalled();
});

it('that was closed asks nothing', async () => {
  const transport = new WebSocketTransport();
  const opening = open(transport);
  transport.close(4008, '');
  (await socket(0)).refuse();
  expect(await opening).toBe(REFUSED);
  expect(fetched).not.toHaveBeenCalled();
});

it('that is closed while it asks does not begin again', async () => {
  const transport = new WebSocketTransport();
  let respond: (response: Response) => void = () => undefined;
  fetched.mockReturnValue(new Promise((resolve) => (respond = resolve)));
  const opening = open(transport);
  (await socket(0)).refuse();
  await vi.waitUntil(() => fetched.mock.calls.length > 0);
  transport.close(4008, '');
  respond(new Response('', { status: 426 }));
  expect(await opening).toBe(REFUSED);
  expect(FakeSocket.all.length).toBe(1);
});
