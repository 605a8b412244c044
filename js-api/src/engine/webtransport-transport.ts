import { RpcError } from '../util/rpc';
import { MessageReader, frameMessage } from './control-framing';
import { DatagramQueue, MAX_AGE_MS } from './datagram-queue';
import { CLOSE_ABNORMAL, type Transport, type TransportListener } from './transport';
import type { WebTransportInfoSource } from './webtransport-info';

/** Firefox waits 30 s for an answer where UDP is swallowed, Chromium 4 s. */
export const WEBTRANSPORT_TIMEOUT_MS = 7000;
/** Datagrams that may wait for us while this thread is busy: a quarter of a second at 30 Mbps. */
const INCOMING_DATAGRAMS = 1024;
/**
 * Datagrams that the browser takes before it has sent the first of them. Its answer comes from another process: one at a
 * time, the rate would depend on how soon all threads on the way get a processor. Few enough that sound does not wait
 * long behind them while QUIC's congestion window is full.
 */
export const OUTGOING_DATAGRAMS = 8;
const CLOSE_TOO_LARGE = 1009;
/** From the end of the control stream to the end of the session. */
const CLOSE_PATIENCE_MS = 500;

/** What browsers have of datagrams: the older `writable`, the newer `createWritable`, or both. */
interface Datagrams {
  readable: ReadableStream<Uint8Array>;
  writable?: WritableStream<Uint8Array>;
  createWritable?(): WritableStream<Uint8Array>;
  incomingHighWaterMark?: number;
  incomingMaxBufferedDatagrams?: number;
  outgoingHighWaterMark?: number;
  outgoingMaxBufferedDatagrams?: number;
  outgoingMaxAge?: number | null;
}

/** Control on one bidirectional stream, in order; media as datagrams, which may be lost and overtake. */
export class WebTransportTransport implements Transport {
  readonly name = 'webtransport';
  listener: TransportListener | undefined;
  bytesSent = 0;
  bytesReceived = 0;
  private session: WebTransport | undefined;
  private control: WritableStreamDefaultWriter<Uint8Array> | undefined;
  private controlBuffered = 0;
  private datagrams: DatagramQueue | undefined;
  private abort: ((error: RpcError) => void) | undefined;
  private ended = false;

  constructor(private readonly infos: WebTransportInfoSource) {}

  get bufferedAmount(): number {
    return this.controlBuffered + (this.datagrams?.bufferedAmount ?? 0);
  }

  get packetsDropped(): number {
    return this.datagrams?.dropped ?? 0;
  }

  async open(url: string): Promise<void> {
    const aborted = new Promise<never>((_, reject) => (this.abort = reject));
    const timer = setTimeout(
      () => this.abort?.(failure(`${url} did not answer in time: UDP seems to be blocked`)),
      WEBTRANSPORT_TIMEOUT_MS,
    );
    try {
      await Promise.race([this.connect(url), aborted]);
    } catch (error) {
      this.ended = true;
      this.session?.close();
      this.infos.forget();
      throw error instanceof RpcError ? error : failure(`${url} refused: ${text(error)}`);
    } finally {
      clearTimeout(timer);
    }
  }

  sendControl(message: string): void {
    if (!this.control || this.ended) return;
    const framed = frameMessage(message);
    this.bytesSent += framed.byteLength;
    this.controlBuffered += framed.byteLength;
    const done = () => void (this.controlBuffered -= framed.byteLength);
    this.control.write(framed).then(done, done);
  }

  sendMedia(packet: Uint8Array, video: boolean): void {
    if (!this.datagrams || this.ended) return;
    this.bytesSent += packet.byteLength;
    this.datagrams.push(packet, video);
  }

  close(code: number, reason: string): void {
    this.abort?.(failure('given up'));
    this.finish(code, reason, { closeCode: code, reason });
  }

  private async connect(url: string): Promise<void> {
    const { url: address, hashes } = await this.infos.get(url);
    if (this.ended) return;
    const session = new WebTransport(address, {
      requireUnreliable: true,
      congestionControl: 'low-latency',
      ...(hashes.length > 0 && { serverCertificateHashes: hashes }),
    });
    this.session = session;
    // Told by `ready` as long as nobody else listens.
    session.closed.catch(() => undefined);
    await session.ready;
    const stream = await session.createBidirectionalStream();
    if (this.ended) return;
    this.control = (stream.writable as WritableStream<Uint8Array>).getWriter();
    // Its failing is the session's, which `closed` tells.
    this.control.closed.catch(() => undefined);
    this.openDatagrams(session.datagrams as unknown as Datagrams);
    session.closed.then(
      (info) => this.finish(info?.closeCode ?? 0, info?.reason ?? ''),
      (error: unknown) => this.finish(CLOSE_ABNORMAL, text(error)),
    );
    void this.readControl(stream.readable as ReadableStream<Uint8Array>);
  }

  private openDatagrams(datagrams: Datagrams): void {
    if ('outgoingMaxAge' in datagrams) datagrams.outgoingMaxAge = MAX_AGE_MS;
    // Of two names, browsers have the one, the other, or both.
    if ('incomingHighWaterMark' in datagrams) datagrams.incomingHighWaterMark = INCOMING_DATAGRAMS;
    if ('incomingMaxBufferedDatagrams' in datagrams)
      datagrams.incomingMaxBufferedDatagrams = INCOMING_DATAGRAMS;
    if ('outgoingHighWaterMark' in datagrams) datagrams.outgoingHighWaterMark = OUTGOING_DATAGRAMS;
    if ('outgoingMaxBufferedDatagrams' in datagrams)
      datagrams.outgoingMaxBufferedDatagrams = OUTGOING_DATAGRAMS;
    const writable = datagrams.createWritable?.() ?? datagrams.writable;
    if (!writable) throw failure('this browser cannot send datagrams');
    const writer = writable.getWriter();
    writer.closed.catch(() => undefined);
    this.datagrams = new DatagramQueue((packet) => writer.write(packet));
    void this.readMedia(datagrams.readable);
  }

  private async readControl(readable: ReadableStream<Uint8Array>): Promise<void> {
    const messages = new MessageReader();
    try {
      await this.read(readable, (chunk) => {
        for (const message of messages.push(chunk)) this.listener?.onControl(message);
      });
    } catch (error) {
      if (!(error instanceof RangeError)) return;
      this.finish(CLOSE_TOO_LARGE, error.message, { closeCode: CLOSE_TOO_LARGE });
      return;
    }
    // The gateway is closing: its code may be on the way.
    setTimeout(
      () => this.finish(CLOSE_ABNORMAL, 'the control stream ended', { closeCode: CLOSE_ABNORMAL }),
      CLOSE_PATIENCE_MS,
    );
  }

  private async readMedia(readable: ReadableStream<Uint8Array>): Promise<void> {
    await this.read(readable, (packet) => this.listener?.onMedia(packet)).catch(() => undefined);
  }

  /** Until the stream ends; rejects when it fails, or with what `take` throws. */
  private async read(
    readable: ReadableStream<Uint8Array>,
    take: (chunk: Uint8Array) => void,
  ): Promise<void> {
    const reader = readable.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || this.ended) return;
      this.bytesReceived += value.byteLength;
      take(value);
    }
  }

  /** Once; `close` is what to tell the other side, where it does not know. */
  private finish(code: number, reason: string, close?: WebTransportCloseInfo): void {
    if (this.ended) return;
    this.ended = true;
    if (close) this.session?.close(close);
    this.listener?.onClose(code, reason);
  }
}

const text = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const failure = (message: string): RpcError => new RpcError({ kind: 'network', code: 0, message });
