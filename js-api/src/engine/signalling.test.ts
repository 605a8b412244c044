import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  ACKNOWLEDGE_EVERY,
  ANSWER_TIMEOUT_MS,
  MAX_UNANSWERED,
  Signalling,
  refusalOf,
} from './signalling';

let sent: Record<string, unknown>[];
let told: unknown[];
let signalling: Signalling;
const send = (text: string) => sent.push(JSON.parse(text) as Record<string, unknown>);
beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  told = [];
  signalling = new Signalling((notification) => told.push(notification));
  signalling.attach(send, 0);
});
afterEach(() => {
  vi.useRealTimers();
});
const receive = (message: object) => signalling.receive(message as Record<string, unknown>);

describe('requests', () => {
  it('have an id of their own and get the answer of that id', async () => {
    const first = signalling.request('publish', { kind: 'audio' });
    const second = signalling.request('subscribe');
    expect(sent).toEqual([
      { type: 'publish', id: 1, kind: 'audio' },
      { type: 'subscribe', id: 2 },
    ]);
    receive({ type: 'ok', id: 2, ssrc: 5 });
    receive({ type: 'ok', id: 1, ssrc: 7 });
    expect(await first).toMatchObject({ ssrc: 7 });
    expect(await second).toMatchObject({ ssrc: 5 });
  });

  it('reject with the code and the words of the gateway', async () => {
    const answer = expect(signalling.request('publish')).rejects.toMatchObject({
      failure: { kind: 'server', code: 20_014, message: 'too many' },
    });
    receive({ type: 'error', id: 1, code: 20_014, message: 'too many' });
    await answer;
  });

  it('reject when no answer comes, and ignore one that comes later', async () => {
    const answer = expect(signalling.request('publish')).rejects.toMatchObject({
      failure: { kind: 'network' },
    });
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS);
    await answer;
    receive({ type: 'ok', id: 1 });
    expect(told).toEqual([]);
  });

  it('all reject once the session has ended', async () => {
    const why = { kind: 'network', code: 0, message: 'gone' } as const;
    const waiting = expect(signalling.request('publish')).rejects.toMatchObject({ failure: why });
    signalling.end(why);
    await waiting;
    await expect(signalling.request('publish')).rejects.toMatchObject({ failure: why });
    expect(sent).toHaveLength(1);
  });

  it('are not collected without end while there is no connection', async () => {
    signalling.detach();
    for (let i = 0; i < MAX_UNANSWERED; i++) signalling.request('publish').catch(() => undefined);
    await expect(signalling.request('publish')).rejects.toThrow('too many');
    signalling.end({ kind: 'network', code: 0, message: '' });
  });
});

describe('another connection', () => {
  it('gets those requests again that the last one lost, in order', () => {
    for (const type of ['publish', 'subscribe', 'unsubscribe']) void signalling.request(type);
    signalling.detach();
    sent.length = 0;
    signalling.attach(send, 1);
    expect(sent).toEqual([
      { type: 'subscribe', id: 2 },
      { type: 'unsubscribe', id: 3 },
    ]);
  });

  it('brings the answers to what was handled before', async () => {
    const answer = signalling.request('publish');
    signalling.detach();
    signalling.attach(send, 1);
    receive({ type: 'ok', id: 1, ssrc: 7 });
    expect(await answer).toMatchObject({ ssrc: 7 });
  });

  it('is waited for: time stands still without one', async () => {
    const answer = signalling.request('publish');
    signalling.detach();
    vi.advanceTimersByTime(10 * ANSWER_TIMEOUT_MS);
    signalling.attach(send, 0);
    vi.advanceTimersByTime(ANSWER_TIMEOUT_MS - 1);
    receive({ type: 'ok', id: 1, ssrc: 7 });
    expect(await answer).toMatchObject({ ssrc: 7 });
  });
});

describe('a new session', () => {
  it('is asked again for what makes sense there, with what is true then', async () => {
    let streamId = 'old';
    const subscribing = signalling.request('subscribe', () => ({ streamId }));
    const ending = signalling.request('unpublish', {}, 'resolve');
    const repeating = expect(signalling.request('publish', {}, 'fail')).rejects.toThrow('anew');
    sent.length = 0;
    streamId = 'new';
    signalling.restart(0, () => void signalling.request('publish', { kind: 'audio' }));
    signalling.attach(send, 0);
    expect(sent).toEqual([
      { type: 'publish', id: 4, kind: 'audio' },
      { type: 'subscribe', id: 5, streamId: 'new' },
    ]);
    expect(await ending).toEqual({});
    await repeating;
    receive({ type: 'ok', id: 5, ssrc: 3 });
    expect(await subscribing).toMatchObject({ ssrc: 3 });
  });

  it('fails what cannot be asked there', async () => {
    let gone = false;
    const subscribing = signalling.request('subscribe', () => {
      if (gone) throw new Error('the stream has ended');
      return {};
    });
    gone = true;
    signalling.restart(0, () => undefined);
    await expect(subscribing).rejects.toThrow('the stream has ended');
  });

  it('counts its messages from its own beginning', () => {
    for (let seq = 1; seq <= 5; seq++) signalling.admit(seq);
    signalling.restart(0, () => undefined);
    expect(signalling.admit(1)).toBe('take');
  });
});

describe('messages of the gateway', () => {
  it('are taken once and in order', () => {
    expect([1, 2, 2, 1, 3].map((seq) => signalling.admit(seq))).toEqual([
      'take',
      'take',
      'leave',
      'leave',
      'take',
    ]);
  });

  it('that are missing are noticed', () => {
    signalling.admit(1);
    expect(signalling.admit(3)).toBe('gap');
    expect(signalling.received).toBe(1);
  });

  it('are acknowledged before the gateway must insist', () => {
    for (let seq = 1; seq <= 2 * ACKNOWLEDGE_EVERY + 3; seq++) signalling.admit(seq);
    expect(sent).toEqual([
      { type: 'ack', seq: ACKNOWLEDGE_EVERY },
      { type: 'ack', seq: 2 * ACKNOWLEDGE_EVERY },
    ]);
    expect(signalling.acknowledge()).toEqual({ ack: 2 * ACKNOWLEDGE_EVERY + 3 });
  });

  it('are passed on when they are news', () => {
    receive({ type: 'user-entered', userId: 'bob' });
    receive({ type: 'error', code: 20001, message: 'malformed' });
    expect(told).toEqual([
      { type: 'user-entered', userId: 'bob' },
      { type: 'error', code: 20001, message: 'malformed' },
    ]);
  });

  it('are ignored where this version does not know them', () => {
    for (const message of [{}, { type: 'dance' }, { type: 'ok', id: 9 }, []]) receive(message);
    expect(told).toEqual([]);
  });
});

describe("a close's reason", () => {
  it.each([
    ['20016 cannot resume: unknown token', 20_016, 'cannot resume: unknown token'],
    ['-3318 room: \nno', -3318, 'room: \nno'],
    ['20006 ', 20_006, ''],
  ])('names the error that it repeats: %j', (reason, code, message) => {
    expect(refusalOf(reason)?.failure).toEqual({ kind: 'server', code, message });
  });

  it.each(['', 'moved', '20006', '4001x replaced', ' 20006 full'])('may be none: %j', (reason) => {
    expect(refusalOf(reason)).toBeUndefined();
  });
});
