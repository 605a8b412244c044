import { beforeEach, expect, it } from 'vitest';
import type { LayerPreference, StreamInfo } from '../engine/messages';
import { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { deferred, type Deferred } from '../util/deferred';
import type { DecodePool, Decoding } from '../video/decode-pool';
import { RemoteVideo } from './remote-video';

const stream: StreamInfo = {
  streamId: 'v',
  kind: 'video',
  source: 'main',
  codec: 'vp8',
  muted: false,
};
const config = { userId: 'bob', streamType: 'main' } as const;

let calls: string[];
let preferences: LayerPreference[];
let answers: Deferred[];
let adding: Deferred<Decoding>[];
let closed: number[];
let video: RemoteVideo;
beforeEach(() => {
  calls = [];
  preferences = [];
  answers = [];
  adding = [];
  closed = [];
  const call = (method: string, { preference }: { preference?: LayerPreference }) => {
    calls.push(method);
    if (preference) preferences.push(preference);
    if (method !== 'subscribe') return Promise.resolve();
    const answer = deferred();
    answers.push(answer);
    return answer.promise;
  };
  const room = { joined: true, engine: { rpc: { call } } } as unknown as Room;
  const pool = {
    add: () => {
      const decoding = deferred<Decoding>();
      adding.push(decoding);
      return decoding.promise;
    },
  } as unknown as DecodePool;
  video = new RemoteVideo(new ClientContext({}), room, pool, 'bob', stream, 1);
});
const settle = () => new Promise((resolve) => setTimeout(resolve));
const added = (i: number) =>
  adding[i]?.resolve({
    sink: { content: new Promise(() => undefined), track: () => null },
    stats: () => Promise.resolve({ width: i, height: 0, frames: 0, errors: 0 }),
    close: () => closed.push(i),
  } as unknown as Decoding);

it('closed before the decoder is there: the decoder goes, the start is aborted', async () => {
  const starting = expect(video.life.start(config)).rejects.toMatchObject({ code: 5998 });
  video.close();
  expect(calls).toEqual(['subscribe', 'unsubscribe']);
  answers[0]?.resolve();
  added(0);
  await starting;
  expect(closed).toEqual([0]);
  expect(await video.stats()).toBeUndefined();
});

it('received again meanwhile: the first ends alone', async () => {
  const first = expect(video.receive()).rejects.toMatchObject({ code: 5998 });
  video.close();
  const second = video.receive();
  added(1);
  added(0);
  answers[0]?.reject(new Error('unsubscribed meanwhile'));
  answers[1]?.resolve();
  await Promise.all([first, second]);
  expect(closed).toEqual([0]);
  expect(await video.stats()).toMatchObject({ width: 1 });
  expect(calls).toEqual(['subscribe', 'unsubscribe', 'subscribe']);
});

it('without a decoder the gateway is told to send nothing', async () => {
  const starting = expect(video.life.start(config)).rejects.toThrow('no worker');
  adding[0]?.reject(new Error('no worker'));
  answers[0]?.resolve();
  await starting;
  await settle();
  expect(calls).toEqual(['subscribe', 'unsubscribe']);
  expect(video.life.state).toBe('idle');
});

it('asks for the size that is wanted, and again only for another', async () => {
  const starting = video.life.start({ ...config, option: { small: true } });
  added(0);
  answers[0]?.resolve();
  await starting;
  await video.life.update({ ...config, option: { small: true, mirror: true } });
  await video.life.update({ ...config, option: { small: false } });
  expect(preferences).toEqual([
    { layer: 'small', width: 0, height: 0 },
    { layer: 'big', width: 0, height: 0 },
  ]);
  expect(calls).toEqual(['subscribe', 'updateSubscription']);
});

it('leaves the choice to the gateway by default', async () => {
  void video.receive().catch(() => undefined);
  added(0);
  expect(preferences).toEqual([{ layer: 'auto', width: 0, height: 0 }]);
});
