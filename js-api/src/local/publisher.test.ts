import { beforeEach, describe, expect, it } from 'vitest';
import { EVENT } from '../constants/event';
import type { PublishRequest } from '../engine/messages';
import { ClientContext } from '../room/client';
import type { Room } from '../room/room';
import { deferred, type Deferred } from '../util/deferred';
import { RpcError } from '../util/rpc';
import { Publisher } from './publisher';

type Answer = Deferred<{ streamId: string }>;

let calls: string[];
let answers: Answer[];
let states: string[];
let room: { joined: boolean; isAudience: boolean };
let publisher: Publisher;
beforeEach(() => {
  calls = [];
  answers = [];
  states = [];
  const call = (method: string, { streamId, muted, bitrateBps }: Partial<Call>) => {
    calls.push(
      method === 'publish' ? method : `${method} ${streamId} ${muted ?? bitrateBps ?? ''}`,
    );
    if (method !== 'publish') return Promise.resolve();
    const answer: Answer = deferred<{ streamId: string }>();
    answers.push(answer);
    return answer.promise;
  };
  const engine = { rpc: { call } };
  room = { joined: true, isAudience: false, engine } as typeof room;
  const context = new ClientContext({});
  context.emitter.on(EVENT.PUBLISH_STATE_CHANGED, ({ state }) => states.push(state));
  publisher = new Publisher(context, room as unknown as Room, 'audio');
});
interface Call {
  streamId: string;
  muted: boolean;
  bitrateBps: number;
}
const request = { muted: false } as PublishRequest;
const publish = () => publisher.publish(() => request, 'startLocalAudio');
const turns = () => new Promise((resolve) => setTimeout(resolve));

describe('while a publication is under way', () => {
  let publishing: Promise<void>;
  beforeEach(async () => {
    publishing = publish();
    await turns();
    calls.length = 0;
  });

  it('a mute and a bitrate reach the gateway once it is published', async () => {
    const muting = publisher.setMuted(true);
    publisher.setBitrate(9000);
    await turns();
    expect(calls).toEqual([]);
    answers[0]?.resolve({ streamId: 's1' });
    await Promise.all([publishing, muting]);
    await turns();
    expect(calls).toEqual(['updateStream s1 true', 'setVideoBitrate s1 9000']);
  });

  it('its end waits for it, and the next publication for the end', async () => {
    const ending = publisher.unpublish().then(publish);
    await turns();
    expect(calls).toEqual([]);
    answers[0]?.resolve({ streamId: 's1' });
    await turns();
    expect(calls).toEqual(['unpublish s1 ', 'publish']);
    answers[1]?.resolve({ streamId: 's2' });
    await ending;
    expect(publisher.streamId).toBe('s2');
    expect(states).toEqual(['starting', 'started', 'stopped', 'starting', 'started']);
  });

  it('leaving the room makes it void: its stream is not asked for in the next room', async () => {
    publisher.reset();
    const again = publish();
    answers[0]?.resolve({ streamId: 's1' });
    await turns();
    answers[1]?.resolve({ streamId: 's2' });
    await Promise.all([publishing, again]);
    expect(publisher.streamId).toBe('s2');
    expect(calls).toEqual(['publish']);
  });

  it('a refusal leaves nothing to mute or to end', async () => {
    const rest = [publisher.setMuted(true), publisher.unpublish()];
    answers[0]?.reject(new RpcError({ kind: 'server', code: 20008, message: 'no' }));
    await expect(publishing).rejects.toMatchObject({ code: 5400, extraCode: 20008 });
    await Promise.all(rest);
    expect(calls).toEqual([]);
    expect(states).toEqual(['starting', 'stopped']);
    expect(publisher.active).toBe(false);
  });
});

it('a room that is gone is not told of the end', async () => {
  const publishing = publish();
  await turns();
  answers[0]?.resolve({ streamId: 's1' });
  await publishing;
  room.joined = false;
  await publisher.unpublish();
  expect(calls).toEqual(['publish']);
});

it('the audience is refused before anything is connected', async () => {
  room.isAudience = true;
  await expect(
    publisher.publish(() => expect.fail('connected'), 'startLocalAudio'),
  ).rejects.toMatchObject({ code: 5100, extraCode: 5107, functionName: 'startLocalAudio' });
  expect([calls, states]).toEqual([[], []]);
});

it('what is published already is not connected again', async () => {
  const publishing = publish();
  await publisher.publish(() => expect.fail('connected again'), 'updateLocalAudio');
  await turns();
  answers[0]?.resolve({ streamId: 's1' });
  await publishing;
  expect(calls).toEqual(['publish']);
});

it('a stream that the gateway lost is stopped, and may be published again', async () => {
  const publishing = publish();
  await turns();
  answers[0]?.resolve({ streamId: 's1' });
  await publishing;
  publisher.lost({ kind: 'server', code: 20_014, message: 'too many' });
  expect(states).toEqual(['starting', 'started', 'stopped']);
  expect(publisher.streamId).toBeUndefined();
  void publish();
  expect(publisher.active).toBe(true);
});
