import { beforeEach, describe, expect, it } from 'vitest';
import type { StreamInfo } from './messages';
import { Roster } from './roster';

const stream = (streamId: string, more: Partial<StreamInfo> = {}): StreamInfo => ({
  streamId,
  kind: 'video',
  source: 'main',
  codec: 'vp8',
  muted: false,
  ...more,
});

let bound: string[];
let roster: Roster;
beforeEach(() => {
  bound = [];
  roster = new Roster((pageId) => bound.push(pageId));
  roster.enter([{ userId: 'bob', streams: [stream('1')] }]);
});

describe('in one session', () => {
  it('passes news on as they are', () => {
    const added = { type: 'stream-added', userId: 'bob', stream: stream('2', { source: 'sub' }) };
    expect(roster.take(added as never)).toEqual([added]);
    const layer = { type: 'layer-changed', streamId: '1', layer: 'small' } as const;
    expect(roster.take(layer)).toEqual([layer]);
    const updated = { type: 'stream-updated', userId: 'bob', stream: stream('1', { muted: true }) };
    expect(roster.take(updated as never)).toEqual([updated]);
    const removed = { type: 'stream-removed', userId: 'bob', streamId: '1' } as const;
    expect(roster.take(removed)).toEqual([removed]);
    expect(roster.take(removed)).toEqual([]);
  });

  it('ends the streams of who leaves, though nobody told', () => {
    expect(roster.take({ type: 'user-left', userId: 'bob', reason: 1 })).toEqual([
      { type: 'stream-removed', userId: 'bob', streamId: '1' },
      { type: 'user-left', userId: 'bob', reason: 1 },
    ]);
  });
});

describe('after a session that began anew', () => {
  it('the same stream has the same id for the page', () => {
    expect(roster.reenter([{ userId: 'bob', streams: [stream('7')] }])).toEqual([]);
    expect(bound).toEqual(['1']);
    expect(roster.gatewayId('1')).toBe('7');
    expect(roster.take({ type: 'stream-removed', userId: 'bob', streamId: '7' })).toEqual([
      { type: 'stream-removed', userId: 'bob', streamId: '1' },
    ]);
  });

  it('an id of the gateway that was in use before is another stream', () => {
    const carol = { userId: 'carol', streams: [stream('1')] };
    expect(roster.reenter([carol])).toEqual([
      { type: 'user-entered', userId: 'carol' },
      { type: 'stream-added', userId: 'carol', stream: stream('1/1') },
    ]);
    expect([roster.gatewayId('1'), roster.gatewayId('1/1')]).toEqual([undefined, '1']);
  });

  it('another codec is another stream', () => {
    const changed = stream('7', { codec: 'vp9' });
    expect(roster.reenter([{ userId: 'bob', streams: [changed] }])).toEqual([
      { type: 'stream-removed', userId: 'bob', streamId: '1' },
      { type: 'stream-added', userId: 'bob', stream: { ...changed, streamId: '1/7' } },
    ]);
    expect(bound).toEqual([]);
  });

  it('who comes back late is the same, who does not has timed out', () => {
    roster.take({ type: 'user-entered', userId: 'carol' });
    roster.reenter([]);
    expect(roster.take({ type: 'user-entered', userId: 'bob' })).toEqual([]);
    const back = { type: 'stream-added', userId: 'bob', stream: stream('9') } as const;
    expect(roster.take(back)).toEqual([]);
    expect(roster.settle()).toEqual([{ type: 'user-left', userId: 'carol', reason: 1 }]);
    expect(roster.settle()).toEqual([]);
  });

  it('a stream may be given up before the others are', () => {
    roster.reenter([]);
    expect(roster.forget('1')).toEqual([{ type: 'stream-removed', userId: 'bob', streamId: '1' }]);
  });
});
