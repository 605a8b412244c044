import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EnterRoomConfig } from '../../types/index';
import { EVENT } from '../constants/event';
import type { EngineEvent, StayEvent } from '../engine/messages';
import { deferred, type Deferred } from '../util/deferred';
import { setLogLevel } from '../util/logger';
import { RpcError } from '../util/rpc';
import { ClientContext } from './client';
import { Room } from './room';

const engine = vi.hoisted(() => ({
  emit: (_event: unknown): void => undefined,
  call: (_method: string, _args?: unknown): Promise<unknown> => Promise.resolve(),
  clients: [] as string[],
}));
vi.mock('../engine/engine-client', () => ({
  EngineClient: class {
    rpc = { call: (method: string, args?: unknown) => engine.call(method, args) };
    constructor(_assets: string | undefined, emit: (event: unknown) => void) {
      engine.emit = emit;
      engine.clients.push('created');
    }
    close = () => engine.clients.push('closed');
  },
}));
const graphs = vi.hoisted(() => ({ open: 0 }));
vi.mock('../audio/audio-graph', () => ({
  AudioGraph: { acquire: () => ++graphs.open, release: () => --graphs.open },
}));

const network = vi.hoisted(() => ({ tell: (_kind: string): void => undefined, watching: 0 }));
vi.mock('./network-watch', () => ({
  NetworkWatch: class {
    constructor(tell: (kind: string) => void) {
      network.tell = tell;
      network.watching++;
    }
    stop = () => network.watching--;
  },
}));

const params: EnterRoomConfig = { sdkAppId: 1, userId: 'anna', userSig: 'sig', roomId: 8888 };
const users = [{ userId: 'bob', streams: [] }];

let calls: [string, unknown][];
let joining: Deferred<unknown>;
let log: string[];
let room: Room;
beforeEach(() => {
  setLogLevel(5);
  vi.stubGlobal('location', { href: 'https://rtc.example/page.html' });
  calls = [];
  log = [];
  graphs.open = network.watching = 0;
  engine.clients = [];
  joining = deferred<unknown>();
  engine.call = (method, args) => {
    calls.push([method, args]);
    return method === 'join' ? joining.promise : Promise.resolve();
  };
  const context = new ClientContext({});
  context.emitter.on(EVENT.CONNECTION_STATE_CHANGED, ({ prevState, state, isReconnecting }) =>
    log.push(`${prevState} → ${state}${isReconnecting ? ' again' : ''}`),
  );
  context.emitter.on(EVENT.ERROR, ({ code, extraCode }) => log.push(`error ${code} ${extraCode}`));
  context.emitter.on(EVENT.KICKED_OUT, ({ reason }) => log.push(`kicked ${reason}`));
  room = new Room(context, {
    onEntering: ({ roomId }) => log.push(`entering ${roomId}`),
    onJoined: () => log.push('joined'),
    onUsers: (present) => log.push(`users ${present.map(({ userId }) => userId).join()}`),
    onNotification: ({ type }) => log.push(type),
    onUnpublished: (streamId) => log.push(`unpublished ${streamId}`),
    onLeft: () => log.push('left'),
  });
});
afterEach(() => vi.unstubAllGlobals());

const join = async () => {
  const entering = room.join(params).then(() => log.push('enterRoom resolved'));
  joining.resolve({ users, sessionId: '', serverTimeMs: 0 });
  await entering;
  await new Promise((resolve) => setTimeout(resolve));
};
const emit = (event: StayEvent) => engine.emit(event);

describe('entering', () => {
  it('tells the connection, publishes, resolves, then tells who is here', async () => {
    await join();
    expect(log).toEqual([
      'entering 8888',
      'DISCONNECTED → CONNECTING',
      'CONNECTING → CONNECTED',
      'joined',
      'enterRoom resolved',
      'users bob',
    ]);
    expect(calls[0]).toEqual([
      'join',
      expect.objectContaining({
        url: 'wss://rtc.example/rtc/v1',
        transport: 'auto',
        room: { kind: 'number', id: 8888 },
        scene: 'rtc',
        role: 'anchor',
      }),
    ]);
  });

  it('takes the way that was asked for', async () => {
    joining.resolve({ users });
    await room.join({ ...params, transport: 'websocket' });
    expect(calls[0]?.[1]).toMatchObject({ transport: 'websocket' });
  });

  it('tells what happened meanwhile after who is here, in order', async () => {
    const entering = room.join(params);
    emit({ event: 'notification', notification: { type: 'user-entered', userId: 'dave' } });
    joining.resolve({ users, sessionId: '', serverTimeMs: 0 });
    await entering;
    emit({ event: 'notification', notification: { type: 'user-entered', userId: 'carol' } });
    emit({ event: 'notification', notification: { type: 'user-left', userId: 'bob', reason: 0 } });
    expect(log.at(-1)).toBe('joined');
    await new Promise((resolve) => setTimeout(resolve));
    expect(log.slice(-4)).toEqual(['users bob', 'user-entered', 'user-entered', 'user-left']);
  });

  it('leaving while the news wait ends them, for the next room too', async () => {
    joining.resolve({ users });
    await room.join(params);
    emit({ event: 'notification', notification: { type: 'user-entered', userId: 'carol' } });
    await room.leave();
    await join();
    expect(log).toContain('users bob');
    expect(log).not.toContain('user-entered');
  });

  it('once at a time', async () => {
    const first = room.join(params);
    await expect(room.join(params)).rejects.toMatchObject({ code: 5100, extraCode: 5104 });
    joining.resolve({ users });
    await first;
    await expect(room.join({ ...params, roomId: 9 })).rejects.toMatchObject({ extraCode: 5104 });
    // Nor do the options of a refused call touch the running one.
    expect(log.filter((line) => line.startsWith('entering'))).toEqual(['entering 8888']);
  });

  it('passes the gateway’s refusal on, and may be tried again', async () => {
    joining.reject(new RpcError({ kind: 'server', code: 70001, message: 'expired' }));
    await expect(room.join(params)).rejects.toMatchObject({ code: 5400, extraCode: 70001 });
    expect(room.idle).toBe(true);
    expect(graphs.open).toBe(0);
    joining = deferred();
    await join();
    expect(room.joined).toBe(true);
  });

  it('is aborted by leaving', async () => {
    const entering = expect(room.join(params)).rejects.toMatchObject({ code: 5998 });
    await room.leave();
    await entering;
    joining.resolve({ users });
    await new Promise((resolve) => setTimeout(resolve));
    expect(room.idle).toBe(true);
    expect(log).not.toContain('joined');
    expect(graphs.open).toBe(0);
  });

  it('waits for a leaving that is under way', async () => {
    await join();
    const leaving = deferred<unknown>();
    const answer = engine.call;
    engine.call = (method, args) => (method === 'leave' ? leaving.promise : answer(method, args));
    void room.leave();
    joining = deferred();
    const entering = room.join(params);
    expect(calls.filter(([method]) => method === 'join')).toHaveLength(1);
    leaving.resolve(undefined);
    joining.resolve({ users });
    await entering;
    expect(room.joined).toBe(true);
  });
});

describe('an end that is told before the answer that it followed', () => {
  const enterAndEnd = async (event: EngineEvent) => {
    const entering = room.join(params).catch((error: unknown) => error);
    emit(event);
    joining.resolve({ users });
    return entering;
  };

  it('being kicked fails enterRoom, and is told', async () => {
    const notification = { type: 'kicked', reason: 'kick' } as const;
    expect(await enterAndEnd({ event: 'notification', notification })).toMatchObject({
      code: 5998,
    });
    expect(log.slice(-3)).toEqual(['left', 'CONNECTING → DISCONNECTED', 'kicked kick']);
    expect(room.idle).toBe(true);
    expect(calls.map(([method]) => method)).toEqual(['join', 'leave']);
  });

  it('the end of the stay fails enterRoom with its reason, once', async () => {
    const error = await enterAndEnd({ event: 'closed', code: 1001, reason: 'bye' });
    expect(error).toMatchObject({ code: 5500, extraCode: 5502 });
    expect(log.slice(-2)).toEqual(['left', 'CONNECTING → DISCONNECTED']);
    expect(room.idle).toBe(true);
  });
});

describe('leaving', () => {
  it('is nothing when not in a room', async () => {
    await room.leave();
    expect([calls, log]).toEqual([[], []]);
  });

  it('ends everything and lets the sound device go', async () => {
    await join();
    log.length = 0;
    await room.leave();
    expect(log).toEqual(['left', 'CONNECTED → DISCONNECTED']);
    expect(graphs.open).toBe(0);
    emit({ event: 'closed', code: 1000, reason: '' });
    expect(log).toHaveLength(2);
  });
});

describe('what the gateway does', () => {
  beforeEach(async () => {
    await join();
    log.length = 0;
  });

  it.each([-3301, 1001])('a stay that ends with %i: disconnected, then an error, once', (code) => {
    emit({ event: 'closed', code, reason: '' });
    emit({ event: 'closed', code, reason: '' });
    expect(log).toEqual(['left', 'CONNECTED → DISCONNECTED', 'error 5500 5502']);
    expect(room.idle).toBe(true);
    expect(network.watching).toBe(0);
  });

  it('a connection that is lost and found: told, and nobody leaves', () => {
    emit({ event: 'connection', state: 'lost', detail: '1006' });
    emit({ event: 'connection', state: 'retry', detail: 'no way' });
    emit({ event: 'connection', state: 'restored', detail: 'resumed' });
    expect(log).toEqual([
      'CONNECTED → DISCONNECTED again',
      'DISCONNECTED → CONNECTING again',
      'CONNECTING → CONNECTED again',
    ]);
    expect(room.joined).toBe(true);
  });

  it('a change of connections without a gap is nobody’s affair', () => {
    emit({ event: 'connection', state: 'moved', detail: 'resumed over websocket' });
    expect(log).toEqual([]);
  });

  it('reconnecting that fails for good ends the stay', () => {
    emit({ event: 'connection', state: 'lost', detail: '1006' });
    emit({ event: 'closed', code: -3301, reason: 'no way' });
    expect(log.slice(2)).toEqual(['left', 'CONNECTING → DISCONNECTED', 'error 5500 5502']);
  });

  it('leaving works while there is no connection', async () => {
    emit({ event: 'connection', state: 'lost', detail: '1006' });
    await room.leave();
    emit({ event: 'connection', state: 'restored', detail: 'late' });
    expect(log.slice(2)).toEqual(['left', 'CONNECTING → DISCONNECTED']);
  });

  it('what the page hears of its network is passed on while in the room', async () => {
    network.tell('changed');
    expect(calls.at(-1)).toEqual(['networkEvent', { kind: 'changed' }]);
    await room.leave();
    expect(network.watching).toBe(0);
  });

  it('a stream that the gateway did not take again is told', () => {
    const failure = { kind: 'server', code: 20_014, message: 'too many' } as const;
    emit({ event: 'unpublished', streamId: 'p1', failure });
    expect(log).toEqual(['unpublished p1']);
  });

  it('being kicked is told once, and is no error', () => {
    emit({ event: 'notification', notification: { type: 'kicked', reason: 'banned' } });
    emit({ event: 'closed', code: 4001, reason: '' });
    expect(log).toEqual(['left', 'CONNECTED → DISCONNECTED', 'kicked banned']);
  });

  it('being replaced is a kick, though the close overtakes the word of it', () => {
    emit({ event: 'closed', code: 4001, reason: 'the same user entered again' });
    emit({ event: 'notification', notification: { type: 'kicked', reason: 'kick' } });
    expect(log).toEqual(['left', 'CONNECTED → DISCONNECTED', 'kicked kick']);
    expect(room.idle).toBe(true);
  });

  it('what is told late of a former stay does not end the next one', async () => {
    const stays = () =>
      calls.filter(([method]) => method === 'join').map(([, args]) => (args as StayEvent).stay);
    const [first] = stays();
    const kicked = { type: 'kicked', reason: 'kick' } as const;
    emit({ event: 'notification', notification: kicked, stay: first });
    const again = room.join(params);
    emit({ event: 'closed', code: 4001, reason: '', stay: first });
    await again;
    emit({ event: 'closed', code: 4001, reason: '', stay: first });
    expect(room.joined).toBe(true);
    emit({ event: 'closed', code: 4001, reason: '', stay: stays().at(-1) });
    expect(room.joined).toBe(false);
  });

  it('news of the room are passed on while in it', async () => {
    const notification = { type: 'user-entered', userId: 'carol' } as const;
    emit({ event: 'notification', notification });
    await room.leave();
    emit({ event: 'notification', notification });
    expect(log.filter((line) => line === 'user-entered')).toHaveLength(1);
  });

  it('an engine that fails whole ends the stay, one that fails in part does not', () => {
    const failure = { kind: 'engine', code: 0, message: 'oops' } as const;
    emit({ event: 'failure', failure, part: 'video-encode' });
    expect(log).toEqual(['error 5500 5505']);
    emit({ event: 'failure', failure, part: 'engine' });
    expect(log.slice(1)).toEqual(['left', 'CONNECTED → DISCONNECTED', 'error 5500 undefined']);
  });

  it('an engine that failed while the room was being left serves no other one', async () => {
    const { stay } = calls.find(([method]) => method === 'join')?.[1] as StayEvent;
    const leaving = room.leave();
    const failure = { kind: 'engine', code: 0, message: 'oops' } as const;
    emit({ event: 'failure', failure, part: 'engine', stay });
    await leaving;
    await join();
    expect(engine.clients).toEqual(['created', 'closed', 'created']);
  });

  it('after an engine that failed whole the next room gets a new one', async () => {
    const failure = { kind: 'engine', code: 0, message: 'oops' } as const;
    emit({ event: 'failure', failure, part: 'video-encode' });
    await room.leave();
    await join();
    expect(engine.clients).toEqual(['created']);
    emit({ event: 'failure', failure, part: 'engine' });
    expect(room.idle).toBe(true);
    await join();
    expect(engine.clients).toEqual(['created', 'closed', 'created']);
    expect(room.joined).toBe(true);
  });
});
