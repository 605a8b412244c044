import { describe, expect, it } from 'vitest';
import {
  FakePort,
  audioRequest,
  videoRequest,
  encodedFrame,
} from '../../test/support/engine-fakes';
import {
  bob,
  cut,
  engine,
  enter,
  events,
  gateway,
  news,
  publishBoth,
  requests,
  session,
  states,
  stream,
  subscribeBoth,
  useSession,
  wait,
} from '../../test/support/session-harness';
import { SILENT_MS } from './link-monitor';
import { LONGEST_DELAY_MS } from './reconnector';
import { RETURN_GRACE_MS } from './session';

useSession();

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
    cut();
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
    cut();
    engine.wants.push((outputs) => outputs.packet(new Uint8Array(9), 1));
    ports.video.send(encodedFrame(9, true));
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
    ports.video.send(encodedFrame(700, true));
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
    const preference = { layer: 'small', width: 160, height: 90 } as const;
    const asking = session.updateSubscription('bv', preference);
    await wait(50);
    await asking;
    gateway.restart();
    gateway.users = [bob('new-')];
    await wait(200);
    expect(requests('subscribe')[1]).toMatchObject({ streamId: 'new-bv', ...preference });
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

  it('is not asked for what nobody wants any more', async () => {
    await enter();
    cut();
    const [sound, picture] = [new FakePort(), new FakePort()];
    const ask = (streamId: string, kind: 'audio' | 'video', { port }: FakePort) =>
      session.subscribe({ streamId, kind, syncGroup: 1, port });
    const refused = expect(ask('ba', 'audio', sound)).rejects.toThrow('unsubscribed meanwhile');
    const kept = ask('bv', 'video', picture);
    const ending = session.unsubscribe('ba');
    gateway.restart();
    gateway.reachable.websocket = true;
    await wait(5000);
    await Promise.all([refused, ending, kept]);
    expect(requests('subscribe').map(({ streamId }) => streamId)).toEqual(['bv']);
    expect([sound.closed, picture.closed]).toEqual([true, false]);
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

  it('behind a connection that is only silent: the page hears of the loss', async () => {
    await enter('websocket');
    const { last: silent } = gateway;
    silent.silent = true;
    gateway.restart();
    await wait(SILENT_MS + 500);
    expect(states()).toEqual(['lost', 'restored']);
    expect(silent.closed).toBe(4008);
    expect(gateway.kept?.attached).toBe(gateway.last);
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
