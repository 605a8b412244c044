import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeGateway } from '../../test/support/fake-gateway';
import {
  FakeEngine,
  FakePort,
  audioRequest,
  joinRequest,
  videoRequest,
} from '../../test/support/engine-fakes';
import { Connector } from './connector';
import type { Engine } from './engine';
import { FAREWELL_MS } from './farewell';
import { DEAD_MS } from './link-monitor';
import type { EngineEvent, StreamInfo, TransportChoice } from './messages';
import { NetworkMemory } from './network-memory';
import { GAVE_UP, GIVE_UP_MS, LONGEST_DELAY_MS, UPGRADE_DELAY_MS } from './reconnector';
import { RETURN_GRACE_MS, Session } from './session';

const stream = (streamId: string, kind: 'audio' | 'video', muted = false): StreamInfo => ({
  streamId,
  kind,
  source: 'main',
  codec: kind === 'audio' ? 'opus' : 'vp8',
  muted,
});
const bob = (prefix = '') => ({
  userId: 'bob',
  streams: [stream(`${prefix}ba`, 'audio'), stream(`${prefix}bv`, 'video')],
});

let gateway: FakeGateway;
let engine: FakeEngine;
let events: EngineEvent[];
let session: Session;
const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
const states = () => events.flatMap((event) => (event.event === 'connection' ? event.state : []));
const news = () =>
  events.flatMap((event) => {
    if (event.event !== 'notification') return [];
    const notification: { type: string; seq?: number } = { ...event.notification };
    delete notification.seq;
    return [notification];
  });
const requests = (type: string) => gateway.handled.filter((message) => message.type === type);

/** In the room with bob; over WebTransport unless told otherwise. */
async function enter(transport: TransportChoice = 'auto'): Promise<void> {
  const entering = session.join({ ...joinRequest, transport });
  await wait(1100);
  await entering;
}
async function publishBoth() {
  const ports = { audio: new FakePort(), video: new FakePort() };
  const publishing = Promise.all([
    session.publish(audioRequest(ports.audio)),
    session.publish(videoRequest(ports.video)),
  ]);
  await wait(50);
  const [audio, video] = await publishing;
  return { ports, audioId: audio.streamId, videoId: video.streamId };
}
async function subscribeBoth() {
  const ports = { audio: new FakePort(), video: new FakePort() };
  const subscribing = Promise.all(
    (['audio', 'video'] as const).map((kind) =>
      session.subscribe({ streamId: `b${kind[0]}`, kind, syncGroup: 1, port: ports[kind].port }),
    ),
  );
  await wait(50);
  await subscribing;
  return ports;
}
/** Media flows from the gateway, 50 packets a second, for this time. */
async function flow(ms: number): Promise<void> {
  for (let t = 0; t < ms; t += 20) {
    gateway.kept?.attached?.receiveMedia();
    await wait(20);
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('navigator', { userAgent: 'Chrome/156.0' });
  gateway = new FakeGateway();
  gateway.users = [bob()];
  engine = new FakeEngine();
  events = [];
  const connector = new Connector(gateway.create, new NetworkMemory(), true);
  session = new Session(engine as unknown as Engine, connector, (event) => events.push(event));
});
afterEach(async () => {
  const leaving = session.leave();
  await wait(2000);
  await leaving;
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('a connection that breaks', () => {
  it('is replaced at once, and nothing is published or subscribed to anew', async () => {
    await enter();
    await publishBoth();
    await subscribeBoth();
    const calls = [...engine.calls];
    gateway.last.end(1006);
    expect(states()).toEqual(['lost']);
    await wait(100);
    expect(states()).toEqual(['lost', 'restored']);
    expect(gateway.last.types()).toEqual(['resume']);
    expect(engine.calls).toEqual([...calls, 'pathChanged']);
    gateway.last.receiveMedia(33);
    expect(engine.calls.at(-1)).toBe('receive 33');
  });

  it('loses no message of the gateway, and takes none twice', async () => {
    await enter();
    gateway.notify({ type: 'user-entered', userId: 'carol' });
    await wait(50);
    gateway.notify({ type: 'user-entered', userId: 'dave' });
    gateway.last.end(1006);
    gateway.notify({ type: 'user-entered', userId: 'erin' });
    await wait(100);
    gateway.notify({ type: 'user-entered', userId: 'frank' });
    await wait(50);
    expect(news().map((each) => 'userId' in each && each.userId)).toEqual([
      'carol',
      'dave',
      'erin',
      'frank',
    ]);
  });

  it('loses no request: those unanswered are repeated, those answered are not', async () => {
    await enter();
    const { audioId } = await publishBoth();
    const before = gateway.last;
    const muting = session.updateStream(audioId, true);
    before.end(1006);
    const port = new FakePort();
    const publishing = session.publish({ ...videoRequest(port), source: 'sub' });
    await wait(100);
    await muting;
    expect(await publishing).toEqual({ streamId: expect.any(String) });
    expect(gateway.handled.map(({ type }) => type)).toEqual([
      'publish',
      'publish',
      'update-stream',
      'publish',
    ]);
  });

  it('does not handle a request twice whose answer was lost', async () => {
    await enter();
    const publishing = session.publish(audioRequest(new FakePort()));
    await wait(15);
    expect(requests('publish')).toHaveLength(1);
    gateway.last.end(1006);
    await wait(100);
    await publishing;
    expect(requests('publish')).toHaveLength(1);
  });

  it('keeps requests waiting however long it takes', async () => {
    await enter();
    gateway.reachable = { webtransport: false, websocket: false };
    gateway.last.end(1006);
    const publishing = session.publish(audioRequest(new FakePort()));
    await wait(60_000);
    gateway.reachable.websocket = true;
    await wait(LONGEST_DELAY_MS * 2);
    expect(await publishing).toEqual({ streamId: expect.any(String) });
  });

  it('has encoders start with a whole picture afterwards', async () => {
    await enter();
    const { ports } = await publishBoth();
    gateway.last.end(1006);
    await wait(100);
    expect(ports.video.posted).toContainEqual({ order: 'keyframe', encoding: 0 });
  });

  it('drops media meanwhile, and has encoders rest, until there is a way again', async () => {
    await enter();
    const { ports } = await publishBoth();
    gateway.reachable = { webtransport: false, websocket: false };
    gateway.last.end(1006);
    engine.wants.push((outputs) => outputs.packet(new Uint8Array(9), 1));
    ports.video.send({ encoding: 0, data: new ArrayBuffer(9), keyframe: true, captureMs: 0 });
    expect(session.statistics()).toMatchObject({ packetsDropped: 1, linkDown: true });
    expect(ports.video.posted.at(-1)).toEqual({ order: 'congested', congested: true });
    gateway.reachable.websocket = true;
    await wait(3000);
    expect(ports.video.posted).toContainEqual({ order: 'congested', congested: false });
    expect(session.statistics()).toMatchObject({ transport: 'websocket', linkDown: false });
  });
});

describe('a gateway that was restarted', () => {
  it('gets every local stream again, under new SSRCs, without the page', async () => {
    await enter();
    const { audioId, videoId, ports } = await publishBoth();
    const muting = session.updateStream(audioId, true);
    gateway.restart();
    await wait(200);
    await muting;
    expect(states()).toEqual(['lost', 'restored']);
    expect(requests('publish')).toEqual([
      expect.objectContaining({ kind: 'audio', muted: true }),
      expect.objectContaining({ kind: 'video', muted: false }),
    ]);
    expect(engine.calls.filter((call) => call.startsWith('removeSender'))).toHaveLength(2);
    expect(ports.video.posted).toContainEqual({ order: 'keyframe', encoding: 0 });
    ports.video.send({ encoding: 0, data: new ArrayBuffer(700), keyframe: true, captureMs: 0 });
    const ssrc = engine.calls.filter((call) => call.startsWith('addVideoSender')).at(-1);
    expect(engine.calls.at(-1)).toBe(`sendFrame ${ssrc?.split(' ')[1]} 700`);
    // The page's ids go on working.
    const ending = session.unpublish(videoId);
    await wait(50);
    await ending;
    expect(requests('unpublish')).toEqual([
      expect.objectContaining({ streamId: expect.stringMatching(/^p10/) }),
    ]);
  });

  it('is asked again for every remote stream, and the page hears nothing of it', async () => {
    await enter();
    const ports = await subscribeBoth();
    gateway.restart();
    gateway.users = [bob('new-')];
    await wait(200);
    expect(requests('subscribe').map(({ streamId }) => streamId)).toEqual(['new-ba', 'new-bv']);
    expect(engine.calls.filter((call) => call.startsWith('removeReceiver'))).toHaveLength(2);
    expect(ports.audio.closed || ports.video.closed).toBe(false);
    await wait(RETURN_GRACE_MS);
    expect(news()).toEqual([]);
  });

  it('is asked for the sizes that were wanted last', async () => {
    await enter();
    await subscribeBoth();
    const wish = { layer: 'small', width: 160, height: 90 } as const;
    const asking = session.updateSubscription('bv', wish);
    await wait(50);
    await asking;
    gateway.restart();
    gateway.users = [bob('new-')];
    await wait(200);
    expect(requests('subscribe')[1]).toMatchObject({ streamId: 'new-bv', ...wish });
  });

  it('waits for those who come back after us', async () => {
    await enter();
    await subscribeBoth();
    gateway.restart();
    gateway.users = [];
    await wait(1000);
    gateway.notify({ type: 'user-entered', userId: 'bob' });
    for (const each of bob('new-').streams)
      gateway.notify({ type: 'stream-added', userId: 'bob', stream: each });
    await wait(RETURN_GRACE_MS);
    expect(requests('subscribe').map(({ streamId }) => streamId)).toEqual(['new-ba', 'new-bv']);
    expect(news()).toEqual([]);
  });

  it('tells real differences: who left, who came, what was muted', async () => {
    await enter();
    const ports = await subscribeBoth();
    gateway.restart();
    gateway.users = [
      { userId: 'carol', streams: [stream('c', 'audio')] },
      { userId: 'bob', streams: [stream('new-ba', 'audio', true)] },
    ];
    await wait(200);
    expect(news()).toEqual([
      { type: 'user-entered', userId: 'carol' },
      { type: 'stream-added', userId: 'carol', stream: stream('1/c', 'audio') },
      { type: 'stream-updated', userId: 'bob', stream: stream('ba', 'audio', true) },
    ]);
    await wait(RETURN_GRACE_MS);
    expect(news().slice(3)).toEqual([{ type: 'stream-removed', userId: 'bob', streamId: 'bv' }]);
    expect([ports.audio.closed, ports.video.closed]).toEqual([false, true]);
  });

  it('leaves nobody behind who did not come back', async () => {
    await enter();
    gateway.restart();
    gateway.users = [];
    await wait(RETURN_GRACE_MS + 200);
    expect(news().map(({ type }) => type)).toEqual([
      'stream-removed',
      'stream-removed',
      'user-left',
    ]);
  });

  it('answers what was asked of the old one', async () => {
    await enter();
    const { videoId } = await publishBoth();
    gateway.reachable = { webtransport: false, websocket: false };
    const old = gateway.last;
    old.end(1006);
    const asked = [
      session.publish({ ...audioRequest(new FakePort()), source: 'sub' }),
      session.unpublish(videoId),
    ];
    gateway.restart();
    gateway.reachable = { webtransport: true, websocket: true };
    await wait(5000);
    const [published] = await Promise.all(asked);
    expect(published).toEqual({ streamId: expect.stringMatching(/^1\//) });
    expect(requests('publish').map(({ kind, source }) => `${kind} ${source}`)).toEqual([
      'audio main',
      'audio sub',
    ]);
  });

  it('that refuses a stream: the page hears which, and why', async () => {
    await enter();
    const { audioId } = await publishBoth();
    gateway.restart();
    gateway.refuses = { publish: 20_014 };
    await wait(200);
    expect(events).toContainEqual({
      event: 'unpublished',
      streamId: audioId,
      failure: expect.objectContaining({ code: 20_014 }),
    });
  });

  it('and again, before it is whole', async () => {
    await enter();
    await publishBoth();
    await subscribeBoth();
    gateway.restart();
    await wait(45);
    gateway.restart();
    gateway.users = [bob('newer-')];
    await wait(2000);
    expect(requests('publish')).toHaveLength(2);
    expect(requests('subscribe').map(({ streamId }) => streamId)).toEqual(['newer-ba', 'newer-bv']);
    expect(events.filter(({ event }) => event === 'unpublished')).toEqual([]);
  });

  it('that keeps no sessions is entered anew as well', async () => {
    gateway.keepsSessions = false;
    await enter();
    await publishBoth();
    gateway.last.end(1006);
    await wait(200);
    expect(gateway.last.types().slice(0, 1)).toEqual(['join']);
    expect(requests('publish')).toHaveLength(4);
  });
});

describe('a way that opens and leads nowhere', () => {
  /** UDP gets as far as the handshake. */
  const muffle = () => {
    const { create } = gateway;
    gateway.create = (name) => Object.assign(create(name), { silent: name === 'webtransport' });
    return new Connector((name) => gateway.create(name), new NetworkMemory(), true);
  };

  it('is left for the other one, within the time that entering has', async () => {
    session = new Session(engine as unknown as Engine, muffle(), (event) => events.push(event));
    const entering = session.join(joinRequest);
    await wait(10_000);
    await entering;
    expect(gateway.kept?.attached?.name).toBe('websocket');
  });

  it('is not tried again and again when reconnecting', async () => {
    session = new Session(engine as unknown as Engine, muffle(), (event) => events.push(event));
    const entering = session.join({ ...joinRequest });
    await wait(10_000);
    await entering;
    await wait(70_000);
    gateway.kept?.attached?.end(1006);
    await wait(12_000);
    expect(states().at(-1)).toBe('restored');
    expect(gateway.kept?.attached?.name).toBe('websocket');
  });

  it('that the gateway refuses with a reason fails with that reason', async () => {
    const entering = expect(session.join(joinRequest)).rejects.toMatchObject({
      failure: { kind: 'server', code: 20_006 },
    });
    await wait(15);
    gateway.last.deliver({ type: 'error', code: 20_006, message: 'full' });
    await wait(12);
    gateway.last.end(1013);
    await entering;
    expect(gateway.transports).toHaveLength(1);
  });
});

describe('a switch in mid call', () => {
  it('leaves UDP that died for WebSocket, with media after less than a second', async () => {
    await enter();
    await subscribeBoth();
    await flow(3000);
    const udp = gateway.last;
    expect(udp.name).toBe('webtransport');
    udp.silent = true;
    gateway.reachable.webtransport = false;
    await flow(900);
    const tcp = gateway.last;
    expect(tcp.name).toBe('websocket');
    expect(gateway.kept?.attached).toBe(tcp);
    expect(states()).toEqual(['moved']);
    expect(engine.calls, 'bandwidth is estimated anew').toContain('pathChanged');
    engine.calls.length = 0;
    tcp.receiveMedia(44);
    expect(engine.calls).toEqual(['receive 44']);
  });

  it('returns to UDP when that is back, and keeps TCP until then', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    await subscribeBoth();
    const tcp = gateway.kept?.attached;
    expect(tcp?.name).toBe('websocket');
    await wait(UPGRADE_DELAY_MS);
    expect(gateway.kept?.attached).toBe(tcp);
    gateway.reachable.webtransport = true;
    await wait(2 * UPGRADE_DELAY_MS + 100);
    expect(gateway.kept?.attached?.name).toBe('webtransport');
    expect(states()).toEqual(['moved']);
    gateway.notify({ type: 'user-entered', userId: 'carol' });
    await wait(50);
    expect(news()).toEqual([{ type: 'user-entered', userId: 'carol' }]);
  });

  it('returns at once when the network changes', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    gateway.reachable.webtransport = true;
    session.networkEvent('changed');
    await wait(100);
    expect(gateway.kept?.attached?.name).toBe('webtransport');
  });

  it.each(['websocket', 'webtransport'] as const)(
    'never happens when %s is forced',
    async (one) => {
      await enter(one);
      await flow(2 * UPGRADE_DELAY_MS);
      gateway.last.silent = true;
      await flow(DEAD_MS + 2000);
      expect(new Set(gateway.transports.map(({ name }) => name))).toEqual(new Set([one]));
      expect(gateway.kept?.attached?.silent).toBe(false);
    },
  );

  it('is called off when UDP was only slow', async () => {
    await enter();
    await flow(3000);
    const udp = gateway.last;
    udp.silent = true;
    gateway.latencyMs = 100;
    await flow(700);
    expect(gateway.last).not.toBe(udp);
    udp.silent = false;
    await flow(3000);
    expect(gateway.kept?.attached).toBe(udp);
    expect(gateway.last.closed).toBe(4008);
    expect(states()).toEqual([]);
  });

  it('carries over what is asked in its midst', async () => {
    gateway.reachable.webtransport = false;
    await enter();
    gateway.reachable.webtransport = true;
    session.networkEvent('changed');
    await wait(25);
    const publishing = session.publish(audioRequest(new FakePort()));
    gateway.notify({ type: 'user-entered', userId: 'carol' });
    await wait(200);
    await publishing;
    expect(requests('publish')).toHaveLength(1);
    expect(news()).toEqual([{ type: 'user-entered', userId: 'carol' }]);
  });

  it('follows the gateway’s wish to another one, kept by this one until then', async () => {
    await enter();
    await publishBoth();
    await subscribeBoth();
    const old = gateway.last;
    gateway.refuses = { join: 20_011 };
    gateway.notify({ type: 'closing', reason: 'draining', reconnect: true });
    await wait(5000);
    expect(states()).toEqual([]);
    old.receiveMedia(55);
    expect(engine.calls.at(-1)).toBe('receive 55');
    // The address leads to the next gateway now.
    gateway.refuses = {};
    gateway.users = [bob('new-')];
    gateway.handled.length = 0;
    await wait(10_000);
    expect(gateway.kept?.attached).not.toBe(old);
    expect(states()).toEqual(['moved']);
    expect(requests('publish')).toHaveLength(2);
    expect(requests('subscribe')).toHaveLength(2);
    expect(news().filter(({ type }) => type !== 'closing')).toEqual([]);
  });
});

describe('the timeline', () => {
  const cut = () => {
    gateway.reachable = { webtransport: false, websocket: false };
    gateway.last.end(1006);
  };

  it('a connection that only went silent is lost after 8 s at the latest', async () => {
    await enter('websocket');
    gateway.last.silent = true;
    gateway.reachable = { webtransport: false, websocket: false };
    await wait(4100);
    expect(session.statistics().linkDown).toBe(true);
    expect(states()).toEqual([]);
    await wait(DEAD_MS - 4000);
    expect(states()[0]).toBe('lost');
  });

  it('retries at once, then less and less often', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    await enter('websocket');
    let seen = gateway.transports.length;
    cut();
    const start = performance.now();
    const times: number[] = [];
    while (times.length < 9) {
      if (gateway.transports.length > seen) times.push(performance.now() - start);
      seen = gateway.transports.length;
      await wait(10);
    }
    const gaps = times.map((time, i) => Math.round((time - (times[i - 1] ?? 0)) / 100) / 10);
    expect(gaps).toEqual([0, 0.5, 1, 2, 4, 8, 16, 24, 24]);
  });

  it('retries at once when the page wakes or the network is back', async () => {
    await enter();
    cut();
    await wait(60_000);
    gateway.reachable.websocket = true;
    session.networkEvent('woke');
    await wait(50);
    expect(states().at(-1)).toBe('restored');
  });

  it('gives up after 30 minutes', async () => {
    await enter();
    cut();
    await wait(GIVE_UP_MS - 1000);
    expect(events.at(-1)).toMatchObject({ event: 'connection' });
    await wait(15_000);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: GAVE_UP });
    expect(engine.calls.at(-1)).toBe('destroy');
  });

  it('is over at once when the user may not come in again', async () => {
    await enter();
    gateway.restart();
    gateway.refuses = { join: 70_001 };
    await wait(200);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: 70_001 });
  });

  it('goes on when the gateway is merely full', async () => {
    await enter();
    gateway.restart();
    gateway.refuses = { join: 20_006 };
    await wait(5000);
    gateway.refuses = {};
    await wait(20_000);
    expect(states().at(-1)).toBe('restored');
  });

  it('enters anew at once where the gateway ended the session', async () => {
    await enter();
    gateway.last.end(1001);
    await wait(50);
    expect(gateway.last.types()).toEqual(['join']);
    expect(states()).toEqual(['lost', 'restored']);
  });

  it('has no place for who was replaced', async () => {
    await enter();
    gateway.last.end(4001);
    await wait(5000);
    expect(events).toEqual([{ event: 'closed', code: 4001, reason: '' }]);
    expect(gateway.transports).toHaveLength(1);
  });

  it('has no place for a gateway that says so', async () => {
    await enter();
    gateway.notify({ type: 'closing', reason: 'over', reconnect: false });
    await wait(50);
    gateway.last.end(1001);
    expect(events.at(-1)).toMatchObject({ event: 'closed', code: 1001 });
  });

  it('a page that slept asks at once, and reconnects', async () => {
    await enter();
    const before = gateway.last;
    before.silent = true;
    // Frozen: the clock goes on, no timer fires.
    vi.setSystemTime(Date.now());
    vi.spyOn(performance, 'now').mockImplementation(() => Date.now() + 600_000);
    await wait(3000);
    expect(gateway.kept?.attached).not.toBe(before);
    vi.mocked(performance.now).mockRestore();
  });

  it('leaving ends the search', async () => {
    await enter();
    cut();
    const leaving = session.leave();
    await wait(1000);
    await leaving;
    await wait(FAREWELL_MS);
    const { length } = gateway.transports;
    await wait(60_000);
    expect(gateway.transports).toHaveLength(length);
  });

  it('a leave without a connection is told as soon as there is one', async () => {
    await enter();
    cut();
    const leaving = session.leave();
    await wait(1000);
    await leaving;
    gateway.reachable.websocket = true;
    await wait(3000);
    expect(gateway.last.types()).toEqual(['resume']);
    expect(gateway.last.closed).toBe(1000);
    const { length } = gateway.transports;
    await wait(60_000);
    expect(gateway.transports).toHaveLength(length);
    expect(states()).not.toContain('restored');
  });

  it('a leave that the silent connection swallows is told over another one', async () => {
    await enter();
    gateway.last.silent = true;
    const leaving = session.leave();
    await wait(3000);
    await leaving;
    expect(gateway.last.types()).toEqual(['resume']);
    expect(gateway.last.closed).toBe(1000);
  });

  it('a page that closes ends its connection at once, with the code of a leave', async () => {
    await enter();
    session.networkEvent('closing');
    expect(gateway.last.closed).toBe(1000);
    await wait(60_000);
    expect(gateway.transports).toHaveLength(1);
    expect(engine.calls).toContain('destroy');
  });
});
