import { now } from '../util/clock';
import { RpcError } from '../util/rpc';
import { Connection, type JoinAnswer } from './connection';
import type { Connector } from './connector';
import type { Engine } from './engine';
import { PACKET } from './engine-exports';
import type {
  EngineEvent,
  EngineFailure,
  EnginePart,
  EngineStatistics,
  GatewayNotification,
  JoinRequest,
  JoinResult,
  LayerPreference,
  NetworkEvent,
  PublishRequest,
  SubscribeRequest,
  UserInfo,
} from './messages';
import { Publications } from './publications';
import { Pump } from './pump';
import { Roster } from './roster';
import { Signalling } from './signalling';
import { Subscriptions } from './subscriptions';
import { UploadGate } from './upload-gate';

/** After a gateway was restarted its users come back one by one: who takes longer is told as gone. */
export const RETURN_GRACE_MS = 10_000;
/** docs/protocol.md §2.3 */
const NO_SUCH_STREAM = 20_007;

/** One stay in one room: signalling and the engine tied together, whatever happens to connections. */
export class Session {
  private readonly connection: Connection;
  private readonly signalling: Signalling;
  private readonly gate: UploadGate;
  private readonly pump: Pump;
  private readonly publications: Publications;
  private readonly subscriptions: Subscriptions;
  private readonly roster: Roster;
  /** Subscriptions that the gateway has not answered yet, by stream; each call is its own mark. */
  private readonly subscribing = new Map<string, SubscribeRequest>();
  private readonly reported = new Set<string>();
  private settling: ReturnType<typeof setTimeout> | undefined;
  private ended = false;

  constructor(
    private readonly engine: Engine,
    connector: Connector,
    private readonly emit: (event: EngineEvent) => void,
  ) {
    const fail = (part: EnginePart, error: unknown) => this.report(part, error);
    this.signalling = new Signalling((notification) => this.notify(notification));
    this.connection = new Connection(connector, this.signalling, {
      onMedia: (packet) => this.onMedia(packet),
      onRoundTrip: (rttMs) => this.engine.setRoundTrip(rttMs),
      onJoined: (answer, again) => this.onJoined(usersOf(answer), again),
      onState: (state, detail) => {
        if (state === 'restored' || state === 'moved') {
          this.engine.pathChanged();
          this.publications.orderKeyframes();
        }
        this.emit({ event: 'connection', state, detail });
      },
      onEnd: (code, reason) => {
        this.close();
        this.emit({ event: 'closed', code, reason });
      },
    });
    this.gate = new UploadGate(() => this.connection.bufferedAmount);
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
    this.roster = new Roster((streamId) => this.resubscribe(streamId));
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const { playoutDelay } = request;
    if (playoutDelay) this.engine.setPlayoutDelay(playoutDelay.min ?? -1, playoutDelay.max ?? -1);
    const answer = await this.connection.open(request);
    return {
      sessionId: String(answer.sessionId),
      serverTimeMs: Number(answer.serverTimeMs),
      users: usersOf(answer),
    };
  }

  /** Says good-bye, and closes. */
  async leave(): Promise<void> {
    await this.connection.close();
    this.close();
  }

  async publish(request: PublishRequest): Promise<{ streamId: string }> {
    const answer = await this.signalling.request('publish', publishMembers(request));
    const gatewayId = String(answer.streamId);
    const streamId = this.roster.pageId(gatewayId);
    this.publications.add(streamId, gatewayId, ssrcsOf(answer), request);
    return { streamId };
  }

  /** A stream that is being published again takes the change along. */
  async updateStream(streamId: string, muted: boolean): Promise<void> {
    this.publications.setMuted(streamId, muted);
    const id = this.publications.gatewayId(streamId);
    if (id === undefined) return;
    await this.signalling.request('update-stream', { streamId: id, muted }, 'resolve');
  }

  async unpublish(streamId: string): Promise<void> {
    const id = this.publications.gatewayId(streamId);
    this.publications.remove(streamId);
    if (id !== undefined) await this.signalling.request('unpublish', { streamId: id }, 'resolve');
  }

  /** The receiver is there before the next packet is looked at: both happen in one task. */
  async subscribe(request: SubscribeRequest): Promise<void> {
    const { streamId, port } = request;
    const check = () => {
      if (this.subscribing.get(streamId) === request) return;
      throw new RpcError({ kind: 'engine', code: 0, message: 'unsubscribed meanwhile' });
    };
    this.subscribing.set(streamId, request);
    try {
      const answer = await this.signalling.request('subscribe', () => {
        // A new session is not asked for what is not wanted any more.
        check();
        return { ...this.streamMember(streamId), ...request.preference };
      });
      check();
      this.subscriptions.add(request, Number(answer.ssrc), String(answer.codec));
    } catch (error) {
      port.close();
      throw error;
    } finally {
      if (this.subscribing.get(streamId) === request) this.subscribing.delete(streamId);
    }
  }

  /** Takes effect at the next key frame; a stream that is subscribed to again takes the preference along. */
  async updateSubscription(streamId: string, preference: LayerPreference): Promise<void> {
    const pending = this.subscribing.get(streamId);
    if (pending) pending.preference = preference;
    if (!this.subscriptions.setPreference(streamId, preference) && !pending) return;
    const id = this.roster.gatewayId(streamId);
    if (id !== undefined)
      await this.signalling.request(
        'update-subscription',
        { streamId: id, ...preference },
        'resolve',
      );
  }

  /** A stream that was removed meanwhile needs no asking; one whose subscribing is under way does. */
  async unsubscribe(streamId: string): Promise<void> {
    const cancelled = this.subscribing.delete(streamId);
    const id = this.roster.gatewayId(streamId);
    if (!this.subscriptions.remove(streamId) && !cancelled) return;
    if (id !== undefined) await this.signalling.request('unsubscribe', { streamId: id }, 'resolve');
  }

  setOutputLatency(latencyMs: number): void {
    this.subscriptions.outputLatencyMs = latencyMs;
  }

  setVideoBitrate(streamId: string, bitrateBps: number): void {
    this.publications.setBitrate(streamId, bitrateBps);
  }

  networkEvent(kind: NetworkEvent): void {
    if (kind !== 'closing') {
      this.connection.networkEvent(kind);
      return;
    }
    this.connection.abandon();
    this.close();
  }

  statistics(): EngineStatistics {
    const connection = this.connection.statistics();
    return {
      timeMs: now(),
      ...connection,
      packetsDropped: connection.packetsDropped + this.gate.dropped,
      senders: this.publications.statistics(),
      receivers: this.subscriptions.statistics(),
    };
  }

  private onMedia(packet: Uint8Array): void {
    if (this.ended) return;
    this.engine.receive(packet, now());
    this.pump.run();
  }

  /** Again: the gateway knows nothing of us, and everything that was there is asked for anew. */
  private onJoined(users: UserInfo[], again: boolean): void {
    if (!again) {
      this.roster.enter(users);
      return;
    }
    // Streams that are here are subscribed to again as the roster finds them.
    this.tell(this.roster.reenter(users));
    for (const { streamId, request } of this.publications.unbind())
      this.republish(streamId, request);
    for (const streamId of [...this.subscribing.keys()])
      if (this.roster.gatewayId(streamId) === undefined) this.tell(this.roster.forget(streamId));
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.tell(this.roster.settle()), RETURN_GRACE_MS);
  }

  private republish(streamId: string, request: PublishRequest): void {
    const { sessions } = this.roster;
    const { muted } = request;
    this.signalling
      .request('publish', publishMembers(request), 'fail')
      .then(async (answer) => {
        const id = String(answer.streamId);
        if (!this.publications.rebind(streamId, id, ssrcsOf(answer)))
          await this.signalling.request('unpublish', { streamId: id }, 'resolve');
        else if (request.muted !== muted) await this.updateStream(streamId, request.muted);
      })
      .catch((error: unknown) => {
        // The next session has asked for itself.
        if (this.ended || sessions !== this.roster.sessions) return;
        this.publications.remove(streamId);
        this.emit({ event: 'unpublished', streamId, failure: failureOf(error) });
      });
  }

  private resubscribe(streamId: string): void {
    const request = this.subscriptions.request(streamId);
    if (!request) return;
    const members = { ...this.streamMember(streamId), ...request.preference };
    this.signalling.request('subscribe', members, 'fail').then(
      // Unsubscribed meanwhile: that was asked after this, and answered.
      (answer) =>
        void this.subscriptions.rebind(streamId, Number(answer.ssrc), String(answer.codec)),
      // Refused, because it has just ended; or failed with its session, and the next one asks.
      () => undefined,
    );
  }

  /** What the gateway calls this stream; throws where it has none. */
  private streamMember(streamId: string): { streamId: string } {
    const id = this.roster.gatewayId(streamId);
    if (id !== undefined) return { streamId: id };
    throw new RpcError({ kind: 'server', code: NO_SUCH_STREAM, message: 'the stream has ended' });
  }

  private notify(notification: GatewayNotification): void {
    this.connection.notice(notification);
    this.tell(this.roster.take(notification));
  }

  private tell(notifications: GatewayNotification[]): void {
    for (const notification of notifications) {
      if (notification.type === 'stream-removed') {
        this.subscribing.delete(notification.streamId);
        this.subscriptions.remove(notification.streamId);
      }
      this.emit({ event: 'notification', notification });
    }
  }

  private close(): void {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.settling);
    this.pump.stop();
    this.signalling.end({ kind: 'network', code: 0, message: 'the connection has ended' });
    this.publications.close();
    this.subscriptions.close();
    this.engine.destroy();
  }

  private sendPacket(data: Uint8Array, kind: number): void {
    if (kind === PACKET.VIDEO || kind === PACKET.AUDIO) {
      if (!this.gate.admit(data.byteLength)) return;
    }
    this.connection.sendMedia(data, kind === PACKET.VIDEO);
  }

  /** Once for each part: what fails for one block fails a hundred times a second. */
  private report(part: EnginePart, error: unknown): void {
    if (this.reported.has(part)) return;
    this.reported.add(part);
    this.emit({ event: 'failure', failure: failureOf(error), part });
  }
}

const usersOf = (answer: JoinAnswer): UserInfo[] => (answer.users ?? []) as UserInfo[];

const publishMembers = (request: PublishRequest): object => {
  const { kind, source, codec, muted, encodings } = request;
  return { kind, source, codec, muted, ...(encodings && { encodings }) };
};

/** One for each encoding that the gateway took. */
const ssrcsOf = ({ ssrc, ssrcs }: JoinAnswer): number[] =>
  Array.isArray(ssrcs) ? ssrcs.map(Number) : [Number(ssrc)];

const failureOf = (error: unknown): EngineFailure =>
  error instanceof RpcError
    ? error.failure
    : { kind: 'engine', code: 0, message: error instanceof Error ? error.message : String(error) };
