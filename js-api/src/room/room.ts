import type { ConnectionState, EnterRoomConfig } from '../../types/index';
import { AudioGraph } from '../audio/audio-graph';
import { EVENT } from '../constants/event';
import { EXTRA } from '../constants/error-code';
import { VERSION } from '../constants/version';
import { EngineClient } from '../engine/engine-client';
import type {
  EngineEvent,
  EngineFailure,
  GatewayNotification,
  JoinRequest,
  LinkState,
  NetworkEvent,
  StayEvent,
  UserInfo,
} from '../engine/messages';
import { RtcError, abortError, invalidOperation } from '../errors/rtc-error';
import { sessionError } from '../errors/session-error';
import { gatewayUrl } from '../util/assets';
import { logger } from '../util/logger';
import type { ClientContext } from './client';
import { closingError } from './closing';
import { NetworkWatch } from './network-watch';

const log = logger('room');

/** What the room tells the parts that live in it. */
export interface RoomListener {
  /** Entering has begun, with these options: a call that is refused changes nothing. */
  onEntering(params: EnterRoomConfig): void;
  /** In the room; the local streams may be published. */
  onJoined(): void;
  /** After onJoined: who is here already. */
  onUsers(users: UserInfo[]): void;
  onNotification(notification: GatewayNotification): void;
  /** The gateway lost a local stream with its memory, and did not take it again. */
  onUnpublished(streamId: string, failure: EngineFailure): void;
  /** Out of the room, whatever the reason; the connection is gone or going. */
  onLeft(): void;
}

const PART_CODES = {
  'video-encode': EXTRA.VIDEO_ENCODE,
  'audio-encode': EXTRA.AUDIO_ENCODE,
  'video-decode': EXTRA.VIDEO_DECODE,
  'audio-decode': EXTRA.AUDIO_DECODE,
};

/** docs/protocol.md §1.1: the user entered again elsewhere. */
const CLOSE_REPLACED = 4001;

type KickReason = Extract<GatewayNotification, { type: 'kicked' }>['reason'];
type Phase = 'out' | 'joining' | 'joined' | 'leaving';

/** Entering and leaving, and the connection while in between. */
export class Room {
  params: EnterRoomConfig | undefined;
  private client: EngineClient;
  /** The engine failed whole: what is left of it enters no room again. */
  private broken = false;
  private phase: Phase = 'out';
  private connection: ConnectionState = 'DISCONNECTED';
  private leaving: Promise<void> | undefined;
  private attempt = 0;
  private abortJoin: ((error: RtcError) => void) | undefined;
  private graph: AudioGraph | undefined;
  private network: NetworkWatch | undefined;
  /** News that came before the listener knew who is here: they speak of those. */
  private early: GatewayNotification[] | undefined;

  constructor(
    private readonly context: ClientContext,
    private readonly listener: RoomListener,
  ) {
    this.client = this.createEngine();
  }

  get engine(): EngineClient {
    return this.client;
  }

  get joined(): boolean {
    return this.phase === 'joined';
  }

  get idle(): boolean {
    return this.phase === 'out';
  }

  get isAudience(): boolean {
    return this.params?.scene === 'live' && this.params.role === 'audience';
  }

  /** The page's sound while in the room. */
  get audio(): AudioGraph {
    if (!this.graph) throw invalidOperation('', 'not in a room', EXTRA.NOT_IN_ROOM);
    return this.graph;
  }

  async join(params: EnterRoomConfig): Promise<void> {
    const request = joinRequest(params);
    if (this.leaving) {
      const { attempt } = this;
      await this.leaving;
      if (attempt !== this.attempt) throw abortError('enterRoom', 'exitRoom was called');
    }
    if (this.phase !== 'out')
      throw invalidOperation('enterRoom', 'already in a room', EXTRA.ALREADY_IN_ROOM);
    const attempt = ++this.attempt;
    this.phase = 'joining';
    this.params = params;
    this.early = [];
    this.listener.onEntering(params);
    try {
      this.renewEngine();
      this.graph = AudioGraph.acquire(this.context.assetsPath);
      this.setConnection('CONNECTING');
      log.info(`entering room ${String(params.roomId ?? params.strRoomId)} at ${request.url}`);
      const { users } = await this.abortable(
        this.engine.rpc.call('join', { ...request, stay: attempt }),
      );
      this.phase = 'joined';
      this.network = new NetworkWatch((kind) => this.tellNetwork(kind));
      log.info(`entered, ${users.length} others are here`);
      this.setConnection('CONNECTED');
      this.listener.onJoined();
      // The promise of enterRoom resolves before the first event of a remote user.
      setTimeout(() => {
        if (attempt === this.attempt && this.joined) this.tellUsers(users);
      });
    } catch (error) {
      if (attempt === this.attempt) this.out();
      throw sessionError(error, 'enterRoom');
    }
  }

  /** Resolves when the gateway knows, or cannot be told; at once when not in a room. */
  leave(): Promise<void> {
    if (this.phase === 'out') return Promise.resolve();
    // Whatever is entering, or waits to enter, does not.
    this.attempt++;
    if (this.leaving) return this.leaving;
    log.info('leaving');
    this.abortJoin?.(abortError('enterRoom', 'exitRoom was called'));
    this.phase = 'leaving';
    this.listener.onLeft();
    this.leaving = this.engine.rpc
      .call('leave')
      .catch((error: unknown) => log.warn('leaving was not clean', error))
      .then(() => {
        this.leaving = undefined;
        this.out();
      });
    return this.leaving;
  }

  destroy(): void {
    this.engine.close();
  }

  private handle(event: StayEvent): void {
    // On its way when that stay ended: who enters again at once must not be put out by it.
    if (event.stay !== undefined && event.stay !== this.attempt) {
      // The engine is the same, though.
      this.broken ||= event.event === 'failure' && event.part === 'engine';
      return;
    }
    if (event.event === 'notification') this.notify(event.notification);
    else if (event.event === 'connection') this.linkChanged(event.state, event.detail);
    else if (event.event === 'closed') this.closed(event.code, event.reason);
    else if (event.event === 'failure') this.failed(event);
    else if (this.joined) this.listener.onUnpublished(event.streamId, event.failure);
  }

  private createEngine(): EngineClient {
    return new EngineClient(this.context.assetsPath, (event) => this.handle(event));
  }

  private renewEngine(): void {
    if (!this.broken) return;
    this.client.close();
    this.client = this.createEngine();
    this.broken = false;
  }

  private tellUsers(users: UserInfo[]): void {
    const early = this.early ?? [];
    this.early = undefined;
    this.listener.onUsers(users);
    early.forEach((notification) => this.notify(notification));
  }

  private notify(notification: GatewayNotification): void {
    if (notification.type === 'kicked') {
      this.kicked(notification.reason);
    } else if (notification.type === 'error') {
      log.warn(`the gateway refused a message: ${notification.message} (${notification.code})`);
    } else if (notification.type === 'closing') {
      log.info(`the gateway is closing: ${notification.reason}`);
    } else if (this.early) {
      this.early.push(notification);
    } else if (this.joined) {
      this.listener.onNotification(notification);
    }
  }

  /** The engine finds its way back by itself: the stay goes on meanwhile. */
  private linkChanged(state: LinkState, detail: string): void {
    if (!this.joined) return;
    if (state === 'lost') {
      log.warn(`the connection was lost (${detail}); reconnecting`);
      this.setConnection('DISCONNECTED', true);
      this.setConnection('CONNECTING', true);
    } else if (state === 'retry') {
      log.warn(`no connection yet: ${detail}`);
    } else {
      log.info(state === 'restored' ? `connected again: ${detail}` : `moved: ${detail}`);
      this.setConnection('CONNECTED', true);
    }
  }

  private tellNetwork(kind: NetworkEvent): void {
    if (this.joined) this.engine.rpc.call('networkEvent', { kind }).catch(() => undefined);
  }

  private kicked(reason: KickReason): void {
    if (this.phase === 'out') return;
    log.info(`kicked out: ${reason}`);
    this.end(abortError('enterRoom', `kicked out while entering: ${reason}`));
    this.context.emitter.emit(EVENT.KICKED_OUT, { reason });
  }

  /** The stay ended, and no reconnecting helps: do not pretend to be in the room. */
  private closed(code: number, reason: string): void {
    // While entering, too: the end may be told before the answer that it followed.
    if (this.phase !== 'joined' && this.phase !== 'joining') return;
    // Over WebTransport the close may overtake the notification that says so.
    if (code === CLOSE_REPLACED) {
      this.kicked('kick');
      return;
    }
    log.warn(`the stay in the room ended (${code} ${reason})`);
    const error = closingError(code, reason);
    const { joined } = this;
    this.end(error);
    if (joined) this.context.fail(error);
  }

  private failed({ failure, part }: Extract<EngineEvent, { event: 'failure' }>): void {
    if (part === 'engine') {
      this.broken = true;
      if (this.joined) this.end();
    }
    const { message } = failure;
    const extraCode = part === 'engine' ? undefined : PART_CODES[part];
    this.context.fail(new RtcError({ name: 'OPERATION_FAILED', message, extraCode }));
  }

  /** Leaves without being asked to; an enterRoom() under way fails with `error`. */
  private end(error?: RtcError): void {
    this.attempt++;
    if (error) this.abortJoin?.(error);
    this.phase = 'leaving';
    this.listener.onLeft();
    this.engine.rpc.call('leave').catch(() => undefined);
    this.out();
  }

  private out(): void {
    this.phase = 'out';
    this.params = undefined;
    this.early = undefined;
    this.network?.stop();
    this.network = undefined;
    if (this.graph) AudioGraph.release();
    this.graph = undefined;
    this.setConnection('DISCONNECTED');
  }

  private setConnection(state: ConnectionState, isReconnecting = false): void {
    const prevState = this.connection;
    if (state === prevState) return;
    this.connection = state;
    const change = { prevState, state, ...(isReconnecting && { isReconnecting }) };
    this.context.emitter.emit(EVENT.CONNECTION_STATE_CHANGED, change);
  }

  private abortable<T>(joining: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.abortJoin = reject;
      joining.then(resolve, reject);
    }).finally(() => (this.abortJoin = undefined));
  }
}

function joinRequest(params: EnterRoomConfig): JoinRequest {
  const { sdkAppId, userId, userSig, roomId, strRoomId = '', playoutDelay, proxy } = params;
  const address =
    typeof proxy === 'string' ? proxy : (proxy?.websocketProxy ?? proxy?.unifiedProxy);
  return {
    url: gatewayUrl(address),
    transport: params.transport ?? 'auto',
    sdkAppId,
    userId,
    userSig,
    room: roomId ? { kind: 'number', id: roomId } : { kind: 'string', id: strRoomId },
    scene: params.scene ?? 'rtc',
    role: params.role ?? 'anchor',
    client: `ferry-rtc ${VERSION}`,
    ...(playoutDelay && { playoutDelay }),
  };
}
