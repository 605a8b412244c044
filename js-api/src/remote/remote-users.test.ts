import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { AutoplayGuard } from '../audio/autoplay-guard';
import type { GatewayNotification, StreamInfo } from '../engine/messages';
import { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { deferred } from '../util/deferred';
import { RemoteUsers } from './remote-users';

vi.mock('../audio/remote-audio', () => ({
  RemoteAudio: class {
    port = {};
    ready = Promise.resolve();
    setVolume = (volume: number) => volumes.push(volume);
    level = () => 0;
    track = () => null;
    close = () => undefined;
  },
}));
vi.mock('../video/decode-pool', () => ({
  DecodePool: class {
    warmUp = () => undefined;
    close = () => undefined;
    add = () =>
      Promise.resolve({
        sink: { content: new Promise(() => undefined), track: () => null },
        stats: () => Promise.resolve(undefined),
        close: () => undefined,
      });
  },
}));
const volumes = vi.hoisted(() => [] as number[]);

const audio: StreamInfo = {
  streamId: 'a',
  kind: 'audio',
  source: 'main',
  codec: 'opus',
  muted: false,
};
const video: StreamInfo = { ...audio, streamId: 'v', kind: 'video', codec: 'vp8' };

let calls: string[];
let log: string[];
let users: RemoteUsers;
let joined: boolean;
let subscribing: () => Promise<void>;
beforeEach(() => {
  calls = [];
  log = [];
  volumes.length = 0;
  joined = true;
  subscribing = () => Promise.resolve();
  const context = new ClientContext({});
  for (const event of [
    'remote-user-enter',
    'remote-user-exit',
    'remote-audio-available',
    'remote-audio-unavailable',
    'remote-video-available',
    'remote-video-unavailable',
    'audio-play-state-changed',
  ] as const)
    context.emitter.on(event, (payload: { userId: string; state?: string; reason?: unknown }) =>
      log.push(
        [event.replace('remote-', ''), payload.state, payload.reason]
          .filter(notUndefined)
          .join(' '),
      ),
    );
  const room = {
    get joined() {
      return joined;
    },
    audio: { outputLatencyMs: 0 },
    engine: {
      rpc: {
        call: (method: string, args: { streamId?: string }) => {
          if (args.streamId) calls.push(`${method} ${args.streamId}`);
          return method === 'subscribe' ? subscribing() : Promise.resolve();
        },
      },
    },
  } as unknown as Room;
  const autoplay = {
    watch: (_userId: string, _graph: unknown, playing: () => void) => Promise.resolve(playing()),
    forget: () => undefined,
  } as unknown as AutoplayGuard;
  users = new RemoteUsers(context, room, autoplay);
});
const notUndefined = (value: unknown) => value !== undefined;
const settle = () => new Promise((resolve) => setTimeout(resolve));
const told = (notification: GatewayNotification) => users.handle(notification);
const main = { userId: 'bob', streamType: 'main' } as const;

describe('somebody who is here', () => {
  beforeEach(async () => {
    users.enter({ userId: 'bob', streams: [audio, video] });
    await settle();
  });

  it('is told with what is available, heard at once, seen when asked', () => {
    expect(log.slice(0, 3)).toEqual(['user-enter', 'audio-available', 'video-available']);
    expect(calls).toEqual(['subscribe a']);
  });

  it('leaves after everything of theirs is unavailable', () => {
    log.length = 0;
    told({ type: 'stream-removed', userId: 'bob', streamId: 'a' });
    told({ type: 'stream-removed', userId: 'bob', streamId: 'v' });
    told({ type: 'user-left', userId: 'bob', reason: 0 });
    expect(log.filter((line) => !line.startsWith('audio-play'))).toEqual([
      'audio-unavailable',
      'video-unavailable',
      'user-exit 0',
    ]);
    expect(users.all()).toEqual([]);
  });

  it('that leaves with streams still known is told the same way', () => {
    log.length = 0;
    told({ type: 'user-left', userId: 'bob', reason: 1 });
    expect(log.at(-1)).toBe('user-exit 1');
    expect(log).toContain('video-unavailable');
  });

  it('mutes: the subscription to the sound stays', async () => {
    log.length = 0;
    told({ type: 'stream-updated', userId: 'bob', stream: { ...audio, muted: true } });
    told({ type: 'stream-updated', userId: 'bob', stream: { ...audio, muted: true } });
    told({ type: 'stream-updated', userId: 'bob', stream: audio });
    await settle();
    expect(log).toEqual([
      'audio-play-state-changed PAUSED mute',
      'audio-unavailable',
      'audio-play-state-changed PLAYING unmute',
      'audio-available',
    ]);
    expect(calls).toEqual(['subscribe a']);
  });

  it('turns the camera off: watching ends by itself', async () => {
    await users.startVideo(main);
    told({ type: 'stream-updated', userId: 'bob', stream: { ...video, muted: true } });
    await settle();
    expect(calls).toEqual(['subscribe a', 'subscribe v', 'unsubscribe v']);
    await expect(users.startVideo(main)).rejects.toMatchObject({ code: 5100, extraCode: 5102 });
  });

  it('is watched once at a time, and again after stopping', async () => {
    await users.startVideo(main);
    await expect(users.startVideo(main)).rejects.toMatchObject({ code: 5998 });
    await users.stopVideo({ userId: '*' });
    await users.startVideo(main);
    expect(calls.slice(1)).toEqual(['subscribe v', 'unsubscribe v', 'subscribe v']);
  });

  it('is turned off and on for oneself', async () => {
    await users.mute('bob', true);
    await users.mute('bob', true);
    await users.mute('*', false);
    expect(calls).toEqual(['subscribe a', 'unsubscribe a', 'subscribe a']);
    users.setVolume('bob', 150);
    expect(volumes.at(-1)).toBe(150);
  });

  it('is told apart from one who does not publish that stream', async () => {
    await expect(users.startVideo({ ...main, streamType: 'sub' })).rejects.toMatchObject({
      extraCode: 5103,
    });
    await expect(users.startVideo({ ...main, userId: 'carol' })).rejects.toMatchObject({
      extraCode: 5102,
    });
    joined = false;
    await expect(users.startVideo(main)).rejects.toMatchObject({ extraCode: 5101 });
  });

  it('is gone without a word when oneself leaves', () => {
    log.length = 0;
    joined = false;
    users.clear();
    expect(log).toEqual(['audio-play-state-changed STOPPED ended']);
    expect(calls).toEqual(['subscribe a']);
  });
});

it('autoReceiveAudio false: heard when asked for', async () => {
  users.preferences.autoReceive = false;
  users.enter({ userId: 'bob', streams: [audio] });
  await settle();
  expect(calls).toEqual([]);
  await users.mute('bob', false);
  expect(calls).toEqual(['subscribe a']);
});

it('muted and unmuted while subscribing: the second subscription is left alone', async () => {
  users.preferences.autoReceive = false;
  users.enter({ userId: 'bob', streams: [audio] });
  const first = deferred();
  subscribing = () => first.promise;
  const unmuting = users.mute('bob', false);
  await users.mute('bob', true);
  subscribing = () => Promise.resolve();
  await users.mute('bob', false);
  first.reject(new Error('unsubscribed meanwhile'));
  await unmuting;
  expect(calls).toEqual(['subscribe a', 'unsubscribe a', 'subscribe a']);
  expect(users.find('bob')?.listener.active).toBe(true);
});

it('autoReceiveVideo: received before it is shown', async () => {
  users.autoReceiveVideo = true;
  users.enter({ userId: 'bob', streams: [video] });
  await settle();
  expect(calls).toEqual(['subscribe v']);
  await users.startVideo(main);
  expect(calls).toEqual(['subscribe v']);
});

it('a muted stream is not available, and becomes so', () => {
  users.enter({ userId: 'bob', streams: [{ ...audio, muted: true }] });
  expect(log).toEqual(['user-enter']);
  told({ type: 'stream-updated', userId: 'bob', stream: audio });
  expect(log).toContain('audio-available');
});
