// A session at a gateway of its own, in virtual time: what the tests of connections begin with.
import { afterEach, beforeEach, vi } from 'vitest';
import { Connector } from '../../src/engine/connector';
import type { Engine } from '../../src/engine/engine';
import type { EngineEvent, StreamInfo, TransportChoice } from '../../src/engine/messages';
import { NetworkMemory } from '../../src/engine/network-memory';
import { Session } from '../../src/engine/session';
import { FakeEngine, FakePort, audioRequest, joinRequest, videoRequest } from './engine-fakes';
import { FakeGateway, type FakeTransport } from './fake-gateway';

/** Of the test that runs; bob is in the room. */
export let gateway: FakeGateway;
export let engine: FakeEngine;
export let events: EngineEvent[];
export let session: Session;
let connector: Connector;

export const stream = (streamId: string, kind: 'audio' | 'video', muted = false): StreamInfo => ({
  streamId,
  kind,
  source: 'main',
  codec: kind === 'audio' ? 'opus' : 'vp8',
  muted,
});
export const bob = (prefix = '') => ({
  userId: 'bob',
  streams: [stream(`${prefix}ba`, 'audio'), stream(`${prefix}bv`, 'video')],
});

export const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
export const states = () =>
  events.flatMap((event) => (event.event === 'connection' ? event.state : []));
export const news = () =>
  events.flatMap((event) => {
    if (event.event !== 'notification') return [];
    const notification: { type: string; seq?: number } = { ...event.notification };
    delete notification.seq;
    return [notification];
  });
export const requests = (type: string) =>
  gateway.handled.filter((message) => message.type === type);

/** Another stay of the same page. */
export function startSession(): void {
  session = new Session(engine as unknown as Engine, connector, (event) => events.push(event));
}

/** In the room with bob; over WebTransport unless told otherwise. */
export async function enter(transport: TransportChoice = 'auto'): Promise<void> {
  const entering = session.join({ ...joinRequest, transport });
  await wait(1100);
  await entering;
}

/** Has each connection to come look so. */
export function shape(change: (transport: FakeTransport) => void): void {
  const { create } = gateway;
  gateway.create = (name) => {
    const transport = create(name);
    change(transport);
    return transport;
  };
}

/** Nothing gets through any more, and the connection in use breaks. */
export function cut(): void {
  gateway.reachable = { webtransport: false, websocket: false };
  gateway.last.end(1006);
}

export async function publishBoth() {
  const ports = { audio: new FakePort(), video: new FakePort() };
  const publishing = Promise.all([
    session.publish(audioRequest(ports.audio)),
    session.publish(videoRequest(ports.video)),
  ]);
  await wait(50);
  const [audio, video] = await publishing;
  return { ports, audioId: audio.streamId, videoId: video.streamId };
}

export async function subscribeBoth() {
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
export async function flow(ms: number): Promise<void> {
  for (let t = 0; t < ms; t += 20) {
    gateway.kept?.attached?.receiveMedia();
    await wait(20);
  }
}

/** Call in the test file: each of its tests begins with a session that has not entered, and ends it. */
export function useSession(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('navigator', { userAgent: 'Chrome/156.0' });
    gateway = new FakeGateway();
    gateway.users = [bob()];
    engine = new FakeEngine();
    events = [];
    connector = new Connector((name) => gateway.create(name), new NetworkMemory(), true);
    startSession();
  });
  afterEach(async () => {
    const leaving = session.leave();
    await wait(2000);
    await leaving;
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
}
