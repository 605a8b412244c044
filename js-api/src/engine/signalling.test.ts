import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ANSWER_TIMEOUT_MS, Signalling } from './signalling';

let sent: Record<string, unknown>[];
let told: unknown[];
let signalling: Signalling;
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  told = [];
  signalling = new Signalling(
    (text) => sent.push(JSON.parse(text) as Record<string, unknown>),
    (notification) => told.push(notification),
  );
});
afterEach(() => {
  vi.useRealTimers();
});
const receive = (message: object) => signalling.receive(JSON.stringify(message));

it('gives each request an id of its own and the answer of that id', async () => {
  const first = signalling.request('publish', { kind: 'audio' });
  const second = signalling.request('ping');
  expect(sent).toEqual([
    { type: 'publish', id: 1, kind: 'audio' },
    { type: 'ping', id: 2 },
  ]);
  receive({ type: 'ok', id: 2, timeMs: 5 });
  receive({ type: 'ok', id: 1, ssrc: 7 });
  expect(await first).toMatchObject({ ssrc: 7 });
  expect(await second).toMatchObject({ timeMs: 5 });
});

it('rejects with the code and the words of the gateway', async () => {
  const answer = expect(signalling.request('join')).rejects.toMatchObject({
    failure: { kind: 'server', code: 70001, message: 'userSig expired' },
  });
  receive({ type: 'error', id: 1, code: 70001, message: 'userSig expired' });
  await answer;
});

it('rejects when no answer comes, and ignores one that comes later', async () => {
  const answer = expect(signalling.request('join')).rejects.toMatchObject({
    failure: { kind: 'network' },
  });
  vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
  await answer;
  receive({ type: 'ok', id: 1 });
  expect(told).toEqual([]);
});

it('passes notifications on', () => {
  receive({ type: 'user-entered', userId: 'bob' });
  receive({ type: 'error', code: 20001, message: 'malformed' });
  expect(told).toEqual([
    { type: 'user-entered', userId: 'bob' },
    { type: 'error', code: 20001, message: 'malformed' },
  ]);
});

it('ignores what this version does not know', () => {
  for (const text of [
    'rubbish',
    '5',
    'null',
    '[]',
    '{}',
    '{"type":"dance"}',
    '{"type":"ok","id":9}',
  ])
    signalling.receive(text);
  expect(told).toEqual([]);
});

it('rejects everything once the connection has ended', async () => {
  const why = { kind: 'network', code: 0, message: 'gone' } as const;
  const waiting = expect(signalling.request('ping')).rejects.toMatchObject({ failure: why });
  signalling.end(why);
  await waiting;
  await expect(signalling.request('ping')).rejects.toMatchObject({ failure: why });
  expect(sent).toHaveLength(1);
});
