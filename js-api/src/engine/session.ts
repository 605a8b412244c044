import { now } from '../util/clock';
import { RpcError } from '../util/rpc';
import type { Engine } from './engine';
import { PACKET } from './engine-exports';
import type {
  EngineEvent,
  EnginePart,
  EngineStatistics,
  GatewayNotification,
  JoinRequest,
  JoinResult,
  PublishRequest,
  SubscribeRequest,
  UserInfo,
} from './messages';
import { Pinger } from './pinger';
import { Publications } from './publications';
import { Pump } from './pump';
import { Signalling } from './signalling';
import { Subscriptions } from './subscriptions';
import type { Transport, TransportListener } from './transport';
import { UploadGate } from './upload-gate';

const PROTOCOL_VERSION = 1;
/** Close code for a gateway that no longer answers (docs/protocol.md §1, our side of 4005). */
const CLOSE_SILENT = 4005;
const CLOSE_NORMAL = 1000;
/** Leaving does not wait longer for a gateway that is gone: it notices by itself. */
const LEAVE_TIMEOUT_MS = 1000;

/** One stay in one room over one connection: signalling and the engine tied together. */
export class Session implements TransportListener {
  private readonly transport: Transport;
  private readonly signalling: Signalling;
  private readonly pinger: Pinger;
  private readonly gate: UploadGate;
  private readonly pump: Pump;
  private readonly publications: Publications;
  private readonly subscriptions: Subscriptions;
  /** Subscriptions that the gateway has not answered yet, by stream; each call is its own mark. */
  private readonly subscribing = new Map<string, SubscribeRequest>();
  private readonly reported = new Set<string>();
  private joined = false;
  private ended = false;

  constructor(
    private readonly engine: Engine,
    createTransport: (listener: TransportListener) => Transport,
    private readonly emit: (event: EngineEvent) => void,
  ) {
    const fail = (part: EnginePart, error: unknown) => this.report(part, error);
    this.transport = createTransport(this);
    this.gate = new UploadGate(() => this.transport.bufferedAmount);
    this.signalling = new Signalling(
      (text) => this.transport.sendControl(text),
      (notification) => this.notify(notification),
    );
    this.pinger = new Pinger(
      this.signalling,
      (rttMs) => this.engine.setRoundTrip(rttMs),
      () => this.onClose(CLOSE_SILENT, 'no answer to pings'),
    );
    this.pump = new Pump(
      engine,
      {
        packet: (data, kind) => this.sendPacket(data, kind),
        frame: (...args) => this.subscriptions.deliver(...args),
        keyframeWanted: (ssrc) => this.publications.orderKeyframe(ssrc),
      },
      (error) => fail('engine', error),
    );
    const run = () => this.pump.run();
    this.publications = new Publications(engine, this.gate, run, fail);
    this.subscriptions = new Subscriptions(engine, run, fail);
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const { url, playoutDelay, ...members } = request;
    if (playoutDelay) this.engine.setPlayoutDelay(playoutDelay.min ?? -1, playoutDelay.max ?? -1);
    await this.transport.open(url);
    const answer = await this.signalling.request('join', { version: PROTOCOL_VERSION, ...members });
    this.joined = true;
    this.pinger.start();
    return {
      sessionId: String(answer.sessionId),
      serverTimeMs: Number(answer.serverTimeMs),
      users: (answer.users ?? []) as UserInfo[],
    };
  }

  /** Says good-bye where there is somebody to say it to, and closes. */
  async leave(): Promise<void> {
    if (this.joined && !this.ended) {
      const goodbye = this.signalling.request('leave').catch(() => undefined);
      const patience = new Promise((resolve) => setTimeout(resolve, LEAVE_TIMEOUT_MS));
      await Promise.race([goodbye, patience]);
    }
    this.close();
    this.transport.close(CLOSE_NORMAL, 'left');
  }

  async publish(request: PublishRequest): Promise<{ streamId: string }> {
    const { kind, source, codec, muted } = request;
    const answer = await this.signalling.request('publish', { kind, source, codec, muted });
    const streamId = String(answer.streamId);
    this.publications.add(streamId, Number(answer.ssrc), request);
    return { streamId };
  }

  async updateStream(streamId: string, muted: boolean): Promise<void> {
    this.publications.setMuted(streamId, muted);
    await this.signalling.request('update-stream', { streamId, muted });
  }

  async unpublish(streamId: string): Promise<void> {
    this.publications.remove(streamId);
    await this.signalling.request('unpublish', { streamId });
  }

  /** The receiver is there before the next packet is looked at: both happen in one task. */
  async subscribe(request: SubscribeRequest): Promise<void> {
    const { streamId, port } = request;
    const wanted = () => this.subscribing.get(streamId) === request;
    this.subscribing.set(streamId, request);
    try {
      const answer = await this.signalling.request('subscribe', { streamId });
      if (!wanted())
        throw new RpcError({ kind: 'engine', code: 0, message: 'unsubscribed meanwhile' });
      this.subscriptions.add(request, Number(answer.ssrc), String(answer.codec));
    } catch (error) {
      port.close();
      throw error;
    } finally {
      if (wanted()) this.subscribing.delete(streamId);
    }
  }

  /** A stream that was removed meanwhile needs no asking; one whose subscribing is under way does. */
  async unsubscribe(streamId: string): Promise<void> {
    const cancelled = this.subscribing.delete(streamId);
    if (!this.subscriptions.remove(streamId) && !cancelled) return;
    await this.signalling.request('unsubscribe', { streamId });
  }

  setOutputLatency(latencyMs: number): void {
    this.subscriptions.outputLatencyMs = latencyMs;
  }

  setVideoBitrate(streamId: string, bitrateBps: number): void {
    this.publications.setBitrate(streamId, bitrateBps);
  }

  statistics(): EngineStatistics {
    return {
      timeMs: now(),
      rttMs: this.pinger.rttMs,
      bytesSent: this.transport.bytesSent,
      bytesReceived: this.transport.bytesReceived,
      packetsDropped: this.gate.dropped,
      senders: this.publications.statistics(),
      receivers: this.subscriptions.statistics(),
    };
  }

  onControl(text: string): void {
    this.signalling.receive(text);
  }

  onMedia(packet: Uint8Array): void {
    if (this.ended) return;
    this.engine.receive(packet, now());
    this.pump.run();
  }

  onClose(code: number, reason: string): void {
    if (this.ended) return;
    this.close();
    this.transport.close(CLOSE_NORMAL, '');
    this.emit({ event: 'closed', code, reason });
  }

  private close(): void {
    if (this.ended) return;
    this.ended = true;
    this.pinger.stop();
    this.pump.stop();
    this.signalling.end({ kind: 'network', code: 0, message: 'the connection has ended' });
    this.publications.close();
    this.subscriptions.close();
    this.engine.destroy();
  }

  private notify(notification: GatewayNotification): void {
    if (notification.type === 'stream-removed') {
      this.subscribing.delete(notification.streamId);
      this.subscriptions.remove(notification.streamId);
    }
    this.emit({ event: 'notification', notification });
  }

  private sendPacket(data: Uint8Array, kind: number): void {
    if (kind === PACKET.VIDEO || kind === PACKET.AUDIO) {
      if (!this.gate.admit()) return;
    }
    this.transport.sendMedia(data);
  }

  /** Once for each part: what fails for one block fails a hundred times a second. */
  private report(part: EnginePart, error: unknown): void {
    if (this.reported.has(part)) return;
    this.reported.add(part);
    const failure =
      error instanceof RpcError
        ? error.failure
        : {
            kind: 'engine' as const,
            code: 0,
            message: error instanceof Error ? error.message : String(error),
          };
    this.emit({ event: 'failure', failure, part });
  }
}
