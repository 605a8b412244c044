import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deferred } from '../util/deferred';
import { MessageReader, frameMessage, MAX_MESSAGE_BYTES } from './control-framing';
import { MAX_AGE_MS, MAX_QUEUED } from './datagram-queue';
import type { TransportListener } from './transport';
import { WebTransportInfoSource } from './webtransport-info';
import {
  OUTGOING_DATAGRAMS,
  WEBTRANSPORT_TIMEOUT_MS,
  WebTransportTransport,
} from './webtransport-transport';

/** The browser's class, with the far end in the test's hands. */
class FakeWebTransport {
  static last: FakeWebTransport;
  static blocked = false;
  static legacy = false;
  readonly opened = deferred();
  readonly end = deferred<WebTransportCloseInfo>();
  readonly ready = this.opened.promise;
  readonly closed = this.end.promise;
  closedWith: WebTransportCloseInfo | undefined | null = null;
  readonly sentControl: Uint8Array[] = [];
  readonly sentMedia: number[] = [];
  /** Writes of datagrams wait for this. */
  taken: Promise<void> = Promise.resolve();
  toControl!: ReadableStreamDefaultController<Uint8Array>;
  toMedia!: ReadableStreamDefaultController<Uint8Array>;
  readonly datagrams: Record<string, unknown>;

  constructor(
    readonly url: string,
    readonly options: WebTransportOptions,
  ) {
    FakeWebTransport.last = this;
    const writable = new WritableStream<Uint8Array>(
      {
        write: async (packet) => {
          await this.taken;
          this.sentMedia.push(packet[0] as number);
        },
      },
      { highWaterMark: 1000 },
    );
    this.datagrams = {
      readable: new ReadableStream<Uint8Array>({ start: (c) => void (this.toMedia = c) }),
      outgoingMaxAge: null,
      outgoingHighWaterMark: 1,
      outgoingMaxBufferedDatagrams: 1,
      incomingHighWaterMark: 1,
      ...(FakeWebTransport.legacy ? { writable } : { createWritable: () => writable }),
    };
    if (!FakeWebTransport.blocked) this.opened.resolve();
  }

  createBidirectionalStream() {
    return Promise.resolve({
      readable: new ReadableStream<Uint8Array>({ start: (c) => void (this.toControl = c) }),
      writable: new WritableStream<Uint8Array>({
        write: (chunk) => void this.sentControl.push(chunk),
      }),
    });
  }

  close(info?: WebTransportCloseInfo): void {
    this.closedWith = info;
  }
}

const URL = 'wss://gateway:8443/rtc/v1';
let answer: () => Promise<Response>;
let asked: string[];
let heard: unknown[];
const listener: TransportListener = {
  onControl: (text) => heard.push(text),
  onMedia: (packet) => heard.push([...packet]),
  onClose: (code, reason) => heard.push({ code, reason }),
};
let infos: WebTransportInfoSource;
let transport: WebTransportTransport;
const settle = () => vi.advanceTimersByTimeAsync(0);
const far = () => FakeWebTransport.last;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  heard = [];
  FakeWebTransport.blocked = false;
  FakeWebTransport.legacy = false;
  answer = () =>
    Promise.resolve(
      Response.json({
        path: '/rtc/v1',
        certificateHashes: [{ algorithm: 'sha-256', value: btoa('\u0001\u0002') }],
      }),
    );
  vi.stubGlobal('WebTransport', FakeWebTransport);
  vi.stubGlobal('fetch', (url: string) => {
    asked.push(url);
    return answer();
  });
  infos = new WebTransportInfoSource();
  transport = new WebTransportTransport(infos);
  transport.listener = listener;
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe('opening', () => {
  it('asks the gateway for its certificates, and trusts those', async () => {
    await transport.open(URL);
    expect(asked).toEqual(['https://gateway:8443/rtc/v1/webtransport']);
    expect(far().url).toBe('https://gateway:8443/rtc/v1');
    expect(far().options.serverCertificateHashes).toEqual([
      { algorithm: 'sha-256', value: Uint8Array.of(1, 2) },
    ]);
  });

  it('leaves a public certificate to the browser', async () => {
    answer = () => Promise.resolve(Response.json({ path: '/rtc/v1', certificateHashes: [] }));
    await transport.open(URL);
    expect(far().options).not.toHaveProperty('serverCertificateHashes');
  });

  it('asks once, and again after a connection that failed', async () => {
    await transport.open(URL);
    await new WebTransportTransport(infos).open(URL);
    expect(asked).toHaveLength(1);
    FakeWebTransport.blocked = true;
    const failing = expect(new WebTransportTransport(infos).open(URL)).rejects.toThrow(
      'Opening handshake failed.',
    );
    await settle();
    far().opened.reject(new Error('Opening handshake failed.'));
    await failing;
    FakeWebTransport.blocked = false;
    await new WebTransportTransport(infos).open(URL);
    expect(asked).toHaveLength(2);
  });

  it('says where the gateway has none', async () => {
    answer = () => Promise.resolve(new Response('', { status: 404 }));
    await expect(transport.open(URL)).rejects.toThrow('404');
  });

  it('does not wait for UDP that is swallowed', async () => {
    FakeWebTransport.blocked = true;
    const opening = expect(transport.open(URL)).rejects.toThrow('in time');
    await vi.advanceTimersByTimeAsync(WEBTRANSPORT_TIMEOUT_MS);
    await opening;
    expect(far().closedWith).toBeUndefined();
  });

  it('can be given up', async () => {
    FakeWebTransport.blocked = true;
    const opening = expect(transport.open(URL)).rejects.toThrow('given up');
    await settle();
    transport.close(4008, '');
    await opening;
    expect(far().closedWith).not.toBeNull();
  });
});

describe('control messages', () => {
  it('leave framed, in order', async () => {
    await transport.open(URL);
    transport.sendControl('{"a":1}');
    transport.sendControl('{"b":2}');
    await settle();
    const reader = new MessageReader();
    expect(far().sentControl.flatMap((chunk) => reader.push(chunk))).toEqual([
      '{"a":1}',
      '{"b":2}',
    ]);
    expect(transport.bufferedAmount).toBe(0);
  });

  it('arrive whole, however they were cut', async () => {
    await transport.open(URL);
    for (const byte of frameMessage('{"type":"ok"}')) far().toControl.enqueue(Uint8Array.of(byte));
    await settle();
    expect(heard).toEqual(['{"type":"ok"}']);
    expect(transport.bytesReceived).toBe(14);
  });

  it('that are too large end the connection', async () => {
    await transport.open(URL);
    far().toControl.enqueue(Uint8Array.of(0x80, 0x01, 0x00, 0x01));
    await settle();
    expect(heard).toEqual([
      { code: 1009, reason: expect.stringContaining(`${MAX_MESSAGE_BYTES}`) },
    ]);
    expect(far().closedWith).toEqual({ closeCode: 1009 });
  });
});

describe('media', () => {
  it.each([false, true])('goes both ways as datagrams (older browser: %s)', async (legacy) => {
    FakeWebTransport.legacy = legacy;
    await transport.open(URL);
    transport.sendMedia(Uint8Array.of(7, 7), true);
    far().toMedia.enqueue(Uint8Array.of(1, 2, 3));
    await settle();
    expect(far().sentMedia).toEqual([7]);
    expect(heard).toEqual([[1, 2, 3]]);
    expect(far().datagrams.outgoingMaxAge).toBe(MAX_AGE_MS);
    expect(far().datagrams.outgoingHighWaterMark).toBe(OUTGOING_DATAGRAMS);
    expect(far().datagrams.outgoingMaxBufferedDatagrams).toBe(OUTGOING_DATAGRAMS);
  });

  it('keeps what it sends though the caller reuses its memory', async () => {
    await transport.open(URL);
    const memory = Uint8Array.of(1);
    transport.sendMedia(memory, true);
    memory[0] = 2;
    await settle();
    expect(far().sentMedia).toEqual([1]);
  });

  it('that waits too long is dropped, oldest first, and counted', async () => {
    await transport.open(URL);
    const blocked = deferred();
    far().taken = blocked.promise;
    for (let i = 0; i < 11; i++) transport.sendMedia(Uint8Array.of(i), true);
    expect(transport.bufferedAmount).toBe(11);
    await vi.advanceTimersByTimeAsync(MAX_AGE_MS + 1);
    transport.sendMedia(Uint8Array.of(99), true);
    expect(transport.packetsDropped).toBe(10);
    blocked.resolve();
    far().taken = Promise.resolve();
    await settle();
    expect(far().sentMedia).toHaveLength(2);
    expect(far().sentMedia.at(-1)).toBe(99);
    expect(transport.bufferedAmount).toBe(0);
  });

  it('that is no video goes ahead of all video that the browser has not been given', async () => {
    await transport.open(URL);
    const blocked = deferred();
    far().taken = blocked.promise;
    for (let i = 0; i < 3; i++) transport.sendMedia(Uint8Array.of(i), true);
    transport.sendMedia(Uint8Array.of(98), false);
    transport.sendMedia(Uint8Array.of(99), false);
    blocked.resolve();
    far().taken = Promise.resolve();
    await settle();
    expect(far().sentMedia).toEqual([0, 98, 99, 1, 2]);
  });

  it('that is no video outlives video where too much waits', async () => {
    await transport.open(URL);
    const blocked = deferred();
    far().taken = blocked.promise;
    for (let i = 0; i < 3; i++) transport.sendMedia(Uint8Array.of(99), false);
    for (let i = 0; i < MAX_QUEUED; i++) transport.sendMedia(Uint8Array.of(1), true);
    expect(transport.packetsDropped).toBe(2);
    blocked.resolve();
    far().taken = Promise.resolve();
    await settle();
    expect(far().sentMedia.slice(0, 4)).toEqual([99, 99, 99, 1]);
  });

  it('that comes faster than it leaves has a limit', async () => {
    await transport.open(URL);
    far().taken = new Promise(() => undefined);
    for (let i = 0; i < 1 + MAX_QUEUED + 5; i++) transport.sendMedia(Uint8Array.of(1), true);
    expect(transport.packetsDropped).toBe(5);
  });
});

describe('the end', () => {
  beforeEach(() => transport.open(URL));

  it('by the gateway has its code and reason', async () => {
    far().end.resolve({ closeCode: 4001, reason: 'replaced' });
    await settle();
    expect(heard).toEqual([{ code: 4001, reason: 'replaced' }]);
  });

  it('by the network is one like a broken WebSocket', async () => {
    far().end.reject(new Error('Connection lost.'));
    await settle();
    expect(heard).toEqual([{ code: 1006, reason: 'Connection lost.' }]);
  });

  it('by us tells the gateway why, once', async () => {
    transport.close(1000, 'left');
    transport.close(1000, 'again');
    far().end.resolve({ closeCode: 1000, reason: 'left' });
    await settle();
    expect(far().closedWith).toEqual({ closeCode: 1000, reason: 'left' });
    expect(heard).toEqual([{ code: 1000, reason: 'left' }]);
    transport.sendControl('late');
    transport.sendMedia(Uint8Array.of(1), true);
    await settle();
    expect(far().sentControl).toEqual([]);
  });

  it('of the control stream alone ends all, unless a code comes after it', async () => {
    far().toControl.close();
    await settle();
    expect(heard).toEqual([]);
    await vi.advanceTimersByTimeAsync(500);
    expect(heard).toEqual([{ code: 1006, reason: 'the control stream ended' }]);
    // No code at all would end the session.
    expect(far().closedWith).toEqual({ closeCode: 1006 });
  });
});
