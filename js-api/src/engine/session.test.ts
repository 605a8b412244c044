import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  FakeEngine,
  FakePort,
  joinRequest,
  videoRequest as video,
  encodedFrame,
} from '../../test/support/engine-fakes';
import { Connector } from './connector';
import type { Engine } from './engine';
import type { EncoderOrder, EngineEvent, JoinRequest, StreamInfo } from './messages';
import { NetworkMemory } from './network-memory';
import { Session } from './session';
import { MAX_FRAMES_WAITING } from './subscriptions';
import type { Transport, TransportListener } from './transport';
import { HARD_LIMIT_BYTES, MIN_QUEUED_BYTES } from './upload-gate';

const far: StreamInfo = {
  streamId: 'far',
  kind: 'video',
  source: 'main',
  codec: 'vp8',
  muted: false,
};
const users = [{ userId: 'bob', streams: [far] }];

/** A gateway that answers as the test says. */
class FakeTransport implements Transport {
  readonly name = 'websocket';
  readonly packetsDropped = 0;
  listener: TransportListener | undefined;
  bufferedAmount = 0;
  bytesSent = 0;
  bytesReceived = 0;
  readonly control: { type: string; id: number; [member: string]: unknown }[] = [];
  readonly media: number[] = [];
  closed: number | undefined;
  open = vi.fn((_url: string) => Promise.resolve());

  sendControl(text: string): void {
    const request = JSON.parse(text) as (typeof this.control)[number];
    this.control.push(request);
    const answer = answers[request.type];
    if (answer) this.receive({ type: 'ok', id: request.id, ...answer });
  }

  sendMedia(packet: Uint8Array): void {
    this.media.push(packet.byteLength);
  }

  close(code: number): void {
    this.closed = code;
  }

  receive(message: object): void {
    this.listener?.onControl(JSON.stringify(message));
  }

  receiveMedia(bytes: number): void {
    this.listener?.onMedia(new Uint8Array(bytes));
  }

  types(): string[] {
    return this.control.map(({ type }) => type).filter((type) => type !== 'ping');
  }
}

/** What the gateway answers a request of this type. */
let answers: Record<string, object | undefined>;
let engine: FakeEngine;
let transport: FakeTransport;
let events: EngineEvent[];
let session: Session;
beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('navigator', { userAgent: 'Chrome/156.0' });
  answers = {
    join: { sessionId: 's', serverTimeMs: 5, users },
    publish: { streamId: 'local', ssrc: 11 },
    subscribe: { ssrc: 22, codec: 'vp8' },
    ping: {},
    leave: {},
    unsubscribe: {},
    unpublish: {},
    'update-stream': {},
  };
  engine = new FakeEngine();
  events = [];
  session = new Session(
    engine as unknown as Engine,
    new Connector(() => (transport = new FakeTransport()), new NetworkMemory(), false),
    (event) => events.push(event),
  );
});
afterEach(() => {
  transport.listener?.onClose(4001, '');
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('joining', () => {
  it('opens the connection, then says who wants in', async () => {
    const result = await session.join({ ...joinRequest, playoutDelay: { min: 20 } });
    expect(transport.open).toHaveBeenCalledWith('wss://gateway/rtc/v1');
    const members: Partial<JoinRequest> = { ...joinRequest };
    delete members.url;
    delete members.transport;
    expect(transport.control[0]).toEqual({ type: 'join', id: 1, version: 1, ...members });
    expect(result).toEqual({ sessionId: 's', serverTimeMs: 5, users });
    expect(engine.calls).toContain('setPlayoutDelay 20 -1');
  });

  it('tells the engine the round trip that the pings measure', async () => {
    answers.ping = undefined;
    await session.join(joinRequest);
    const ping = transport.control.find(({ type }) => type === 'ping');
    await vi.advanceTimersByTimeAsync(80);
    expect(engine.roundTrips).toEqual([]);
    transport.receive({ type: 'ok', id: ping?.id });
    await vi.advanceTimersByTimeAsync(0);
    expect(engine.roundTrips).toEqual([80]);
  });
});

describe('publishing', () => {
  it('feeds the engine from the port, under the SSRC the gateway gave', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish({ ...video(port), kind: 'audio', codec: 'opus', channels: 2 });
    port.send({ samples: new Float32Array(960), dateMs: Date.now() });
    expect(engine.calls).toEqual(['addAudioSender 11 2', 'pushAudio 11 480']);
  });

  it('sends what the engine wants sent', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    engine.wants.push((outputs) => outputs.packet(new Uint8Array(1000), 1));
    port.send(encodedFrame(900, true));
    expect(engine.calls).toContain('sendFrame 11 900');
    expect(transport.media).toEqual([1000]);
  });

  it('sends two sizes under two SSRCs, where the gateway takes both', async () => {
    answers.publish = { streamId: 'local', ssrc: 11, ssrcs: [11, 12] };
    await session.join(joinRequest);
    const port = new FakePort();
    const encodings = [
      { width: 640, height: 480, maxBitrateBps: 900_000 },
      { width: 160, height: 120, maxBitrateBps: 100_000 },
    ];
    await session.publish({ ...video(port), encodings });
    expect(transport.control.find(({ type }) => type === 'publish')).toMatchObject({ encodings });
    port.send(encodedFrame(90, true, 1));
    expect(engine.calls).toEqual(['addVideoSender 11 8', 'addVideoSender 12 8', 'sendFrame 12 90']);
    engine.wants.push((outputs) => outputs.keyframeWanted(12));
    transport.receiveMedia(20);
    expect(port.posted).toEqual([{ order: 'keyframe', encoding: 1 }]);
    await session.unpublish('local');
    expect(engine.calls.slice(-2)).toEqual(['removeSender 11', 'removeSender 12']);
  });

  it('leaves out a size that the gateway did not take', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    port.send(encodedFrame(90, true, 1));
    expect(engine.calls).toEqual(['addVideoSender 11 8']);
  });

  it('passes keyframe requests to the encoder of that stream', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    engine.wants.push((outputs) => outputs.keyframeWanted(11));
    transport.receiveMedia(20);
    expect(port.posted).toEqual([{ order: 'keyframe', encoding: 0 }]);
  });

  it('stops the encoder while the upload is congested, and tells when it is not', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    transport.bufferedAmount = MIN_QUEUED_BYTES + 1;
    port.send(encodedFrame(9, false));
    const order = (congested: boolean): EncoderOrder => ({ order: 'congested', congested });
    expect(port.posted).toEqual([order(true)]);
    await vi.advanceTimersByTimeAsync(100);
    expect(port.posted).toEqual([order(true)]);
    transport.bufferedAmount = 0;
    await vi.advanceTimersByTimeAsync(100);
    expect(port.posted).toEqual([order(true), order(false)]);
  });

  it('lets the encoders follow what the network carries, also when the page changes its mind', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    const { wanted } = engine;
    expect(wanted).toBeGreaterThan(900_000);
    engine.target = wanted / 2;
    await vi.advanceTimersByTimeAsync(2000);
    port.send(encodedFrame(9, false));
    expect(port.posted).toEqual([{ order: 'bitrate', encoding: 0, bitrateBps: 450_000 }]);
    session.setVideoBitrate('local', 300_000);
    expect(engine.wanted).toBeCloseTo(wanted / 3, 0);
    expect(port.posted.at(-1)).toEqual({ order: 'bitrate', encoding: 0, bitrateBps: Infinity });
    await session.updateStream('local', true);
    expect(engine.wanted).toBe(0);
    await session.unpublish('local');
    expect(engine.wanted).toBe(0);
  });

  it('drops media only beyond the hard limit, counts it, and never drops control', async () => {
    await session.join(joinRequest);
    transport.bufferedAmount = HARD_LIMIT_BYTES + 1;
    for (const kind of [0, 1, 2])
      engine.wants.push((outputs) => outputs.packet(new Uint8Array(100 + kind), kind));
    transport.receiveMedia(20);
    expect(transport.media).toEqual([102]);
    expect(session.statistics().packetsDropped).toBe(2);
  });

  it('ends the sender before it tells the gateway', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    await session.unpublish('local');
    expect(engine.calls.at(-1)).toBe('removeSender 11');
    expect(transport.types()).toEqual(['join', 'publish', 'unpublish']);
    expect(port.closed).toBe(true);
  });
});

describe('subscribing', () => {
  const subscribe = async (kind: 'audio' | 'video') => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.subscribe({ streamId: 'far', kind, syncGroup: 3, port: port.port });
    return port;
  };

  it('has the receiver before the first packet is looked at', async () => {
    await session.join(joinRequest);
    answers.subscribe = undefined;
    const port = new FakePort();
    const subscribing = session.subscribe({
      streamId: 'far',
      kind: 'video',
      syncGroup: 3,
      port: port.port,
    });
    const { id } = transport.control.at(-1) as { id: number };
    transport.receive({ type: 'ok', id, ssrc: 22, codec: 'vp8' });
    await subscribing;
    transport.receiveMedia(30);
    expect(engine.calls).toEqual(['addVideoReceiver 22 8', 'receive 30']);
  });

  it('tells the gateway which size is wanted, at once and later', async () => {
    answers['update-subscription'] = {};
    await session.join(joinRequest);
    const { port } = new FakePort();
    const preference = { layer: 'small', width: 320, height: 180 } as const;
    await session.subscribe({ streamId: 'far', kind: 'video', syncGroup: 3, preference, port });
    await session.updateSubscription('far', { ...preference, layer: 'big' });
    const sent = transport.control.filter(({ type }) => type.includes('subscri'));
    expect(sent).toEqual([
      { type: 'subscribe', id: expect.any(Number), streamId: 'far', ...preference },
      {
        type: 'update-subscription',
        id: expect.any(Number),
        streamId: 'far',
        ...preference,
        layer: 'big',
      },
    ]);
  });

  it('hands due frames to the decoder, whose complaints become keyframe requests', async () => {
    const port = await subscribe('video');
    const data = new ArrayBuffer(5);
    engine.wants.push((outputs) => outputs.frame(22, data, true, 7));
    transport.receiveMedia(20);
    expect(port.posted).toEqual([{ data, keyframe: true, captureMs: 7 }]);
    port.send({ report: 'keyframe-needed' });
    expect(engine.calls).toContain('requestKeyframe 22');
  });

  it('a decoder that is far behind gets a key frame next, and asks for it when it is free', async () => {
    const port = await subscribe('video');
    const deliver = (keyframe: boolean) => {
      engine.wants.push((outputs) => outputs.frame(22, new ArrayBuffer(1), keyframe, 0));
      transport.receiveMedia(20);
    };
    for (let i = 0; i < MAX_FRAMES_WAITING + 5; i++) deliver(i === 0);
    expect(port.posted).toHaveLength(MAX_FRAMES_WAITING);
    expect(engine.calls).not.toContain('requestKeyframe 22');
    for (let i = 0; i < MAX_FRAMES_WAITING; i++) port.send({ report: 'taken' });
    expect(engine.calls).toContain('requestKeyframe 22');
    deliver(false);
    expect(port.posted).toHaveLength(MAX_FRAMES_WAITING);
    deliver(true);
    deliver(false);
    expect(port.posted).toHaveLength(MAX_FRAMES_WAITING + 2);
  });

  it('answers the playout worklet with as many blocks as it asks for', async () => {
    const port = await subscribe('audio');
    port.send({ blocks: 3, queuedFrames: 480 });
    expect(port.posted).toHaveLength(3);
  });

  it('cancels what the gateway has not answered yet, and may subscribe again at once', async () => {
    await session.join(joinRequest);
    answers.subscribe = undefined;
    const ports = [new FakePort(), new FakePort()];
    const [first, second] = ports.map(({ port }) => {
      const subscribing = session.subscribe({ streamId: 'far', kind: 'video', syncGroup: 3, port });
      const settled = subscribing.then(
        () => 'subscribed',
        (error: Error) => error.message,
      );
      if (port === ports[0]?.port) void session.unsubscribe('far');
      return settled;
    });
    expect(transport.types()).toEqual(['join', 'subscribe', 'unsubscribe', 'subscribe']);
    for (const { type, id } of transport.control)
      if (type === 'subscribe') transport.receive({ type: 'ok', id, ssrc: 22, codec: 'vp8' });
    expect([await first, await second]).toEqual(['unsubscribed meanwhile', 'subscribed']);
    expect(engine.calls).toEqual(['addVideoReceiver 22 8']);
    expect(ports.map(({ closed }) => closed)).toEqual([true, false]);
    await session.unsubscribe('far');
    expect(engine.calls.at(-1)).toBe('removeReceiver 22');
  });

  it('a refused subscription leaves nothing to unsubscribe', async () => {
    await session.join(joinRequest);
    answers.subscribe = { type: 'error', code: 20004, message: 'gone' };
    const { port } = new FakePort();
    await expect(
      session.subscribe({ streamId: 'far', kind: 'video', syncGroup: 3, port }),
    ).rejects.toThrow('gone');
    await session.unsubscribe('far');
    expect(transport.types()).toEqual(['join', 'subscribe']);
  });

  it('forgets a stream that was removed, and does not ask for its end', async () => {
    await subscribe('video');
    transport.receive({ type: 'stream-removed', userId: 'bob', streamId: 'far' });
    await session.unsubscribe('far');
    expect(engine.calls.at(-1)).toBe('removeReceiver 22');
    expect(transport.types()).toEqual(['join', 'subscribe']);
  });
});

describe('the end', () => {
  it('leaves politely', async () => {
    await session.join(joinRequest);
    await session.leave();
    expect(transport.types()).toEqual(['join', 'leave']);
    expect(transport.closed).toBe(1000);
    expect(engine.calls.at(-1)).toBe('destroy');
  });

  it('does not wait long for a gateway that is gone', async () => {
    await session.join(joinRequest);
    answers.leave = undefined;
    const leaving = session.leave();
    await vi.advanceTimersByTimeAsync(1000);
    await leaving;
    expect(transport.closed).toBe(1000);
  });

  it('tells once that the stay is over, and touches the engine no more', async () => {
    await session.join(joinRequest);
    transport.listener?.onClose(4001, '');
    transport.listener?.onClose(4001, '');
    transport.receiveMedia(20);
    expect(events).toEqual([{ event: 'closed', code: 4001, reason: '' }]);
    expect(engine.calls).toEqual(['destroy']);
    await expect(session.publish(video(new FakePort()))).rejects.toThrow('ended');
  });

  it('reports a failing engine once a kind', async () => {
    await session.join(joinRequest);
    const port = new FakePort();
    await session.publish(video(port));
    engine.sendFrame = () => {
      throw new Error('too large');
    };
    for (let i = 0; i < 3; i++) port.send(encodedFrame(1, false));
    expect(events).toEqual([
      {
        event: 'failure',
        part: 'video-encode',
        failure: { kind: 'engine', code: 0, message: 'too large' },
      },
    ]);
  });
});
