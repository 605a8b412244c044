// The engine worker: owns the connection to the gateway and engine.wasm, one room at a time.
import { loadOnce } from '../util/load-once';
import { RpcError, serve, type Endpoint } from '../util/rpc';
import { loadWasm } from '../util/wasm-loader';
import { Connector } from './connector';
import { Engine } from './engine';
import type { EngineExports } from './engine-exports';
import type { EngineMethods, StayEvent } from './messages';
import { NetworkMemory } from './network-memory';
import { Session } from './session';
import { WebSocketTransport } from './websocket-transport';
import { WebTransportInfoSource } from './webtransport-info';
import { WebTransportTransport } from './webtransport-transport';

/** What one stay learned of the network and the gateway serves the next. */
const infos = new WebTransportInfoSource();
const connector = new Connector(
  (name) => (name === 'webtransport' ? new WebTransportTransport(infos) : new WebSocketTransport()),
  new NetworkMemory(),
  'WebTransport' in self,
);

let engineModule: (() => Promise<EngineExports>) | undefined;
let session: Session | undefined;
/** Counts joins and leaves: a join that was left meanwhile must not come to life. */
let turn = 0;

function current(): Session {
  if (session) return session;
  throw new RpcError({ kind: 'engine', code: 0, message: 'not in a room' });
}

serve<EngineMethods>(self as unknown as Endpoint, {
  load: async ({ wasmUrl }) => {
    engineModule ??= loadOnce(() => loadWasm<EngineExports>(wasmUrl));
    await engineModule();
  },
  join: async ({ stay, ...request }) => {
    if (!engineModule) throw new RpcError({ kind: 'engine', code: 0, message: 'join before load' });
    const mine = ++turn;
    const wasm = await engineModule();
    if (mine !== turn) throw new RpcError({ kind: 'engine', code: 0, message: 'left meanwhile' });
    const joining = new Session(new Engine(wasm), connector, (event) =>
      self.postMessage({ ...event, stay } satisfies StayEvent),
    );
    session = joining;
    try {
      return await joining.join(request);
    } catch (error) {
      if (session === joining) session = undefined;
      await joining.leave();
      throw error;
    }
  },
  leave: async () => {
    turn++;
    const leaving = session;
    session = undefined;
    await leaving?.leave();
  },
  publish: (request) => current().publish(request),
  updateStream: ({ streamId, muted }) => current().updateStream(streamId, muted),
  unpublish: ({ streamId }) => current().unpublish(streamId),
  subscribe: (request) => current().subscribe(request),
  updateSubscription: ({ streamId, preference }) =>
    current().updateSubscription(streamId, preference),
  unsubscribe: ({ streamId }) => current().unsubscribe(streamId),
  setOutputLatency: ({ latencyMs }) => session?.setOutputLatency(latencyMs),
  setVideoBitrate: ({ streamId, bitrateBps }) => session?.setVideoBitrate(streamId, bitrateBps),
  networkEvent: ({ kind }) => session?.networkEvent(kind),
  statistics: () => current().statistics(),
});
