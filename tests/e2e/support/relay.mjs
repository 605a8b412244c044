// A network between the browsers and the gateway that can fail: one port, TCP and UDP, carried to the gateway's.
import dgram from 'node:dgram';
import net from 'node:net';
import { performance } from 'node:perf_hooks';
import { Transform } from 'node:stream';
import { Impairment } from './impairment.mjs';
import { Shaper } from './shaper.mjs';

/** Clients' UDP addresses remembered; a test has a handful. */
const MAX_UDP_CLIENTS = 64;
/** A TCP stream takes its turns on a narrow line in pieces of about a packet. */
const PIECE_BYTES = 1400;

/**
 * Starts it on a free port of loopback. `udp` and `tcp` are the switches: a path that is off swallows what is sent into
 * it without a word, as firewalls do. `up` (to the gateway) and `down` limit the rate, of TCP and UDP together: datagrams
 * that find no room in the queue are dropped, TCP is kept waiting.
 * @param {string} gatewayOrigin
 */
export async function startRelay(gatewayOrigin) {
  const gateway = { host: '127.0.0.1', port: Number(new URL(gatewayOrigin).port) };
  const on = { udp: true, tcp: true };
  const lines = { up: new Line(), down: new Line() };
  const tcp = tcpRelay(gateway, on, lines);
  const udp = udpRelay(gateway, on, lines);
  const port = await listenBoth(tcp.server, udp.front);
  return {
    origin: `https://127.0.0.1:${port}`,
    port,
    /**
     * @param {{ udp?: boolean, tcp?: boolean, up?: Limits, down?: Limits }} changes
     * @typedef {{ bitsPerSecond?: number, queueMs?: number, loss?: number, meanBurst?: number, delayMs?: number,
     *   seed?: number }} Limits loss is of datagrams alone
     */
    set({ up, down, ...changes }) {
      Object.assign(on, changes);
      if (changes.tcp === false) tcp.freeze();
      if (up) lines.up.configure(up);
      if (down) lines.down.configure(down);
    },
    /** Breaks every TCP connection, as a gateway or a NAT that lost its state does. */
    resetTcp: tcp.reset,
    /** From now on the gateway sees every UDP client under another address. */
    rebindUdp: udp.rebind,
    /** Datagrams carried so far. */
    datagrams: () => udp.count(),
    async stop() {
      lines.up.close();
      lines.down.close();
      tcp.reset();
      udp.close();
      await new Promise((resolve) => tcp.server.close(resolve));
    },
  };
}

/** One direction of the link, in real time. */
class Line {
  #shaper = new Shaper();
  #impairment = new Impairment();
  #timer;
  #closed = false;

  configure(limits) {
    this.#shaper.configure(limits);
    this.#impairment.configure(limits);
    this.#run();
  }

  /** For what can be lost. */
  offer(bytes, deliver) {
    // What is lost has used the line: loss happens behind the queue.
    if (this.#shaper.hasRoom)
      this.carry(bytes, this.#impairment.loses() ? () => undefined : deliver);
  }

  /** `deliver` is called when it has gone through. */
  carry(bytes, deliver) {
    if (this.#closed) return;
    const { delayMs } = this.#impairment;
    const unlessClosed = () => this.#closed || deliver();
    const arrive = delayMs > 0 ? () => setTimeout(unlessClosed, delayMs) : deliver;
    this.#shaper.push(arrive, bytes, performance.now());
    this.#run();
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #run() {
    clearTimeout(this.#timer);
    for (let deliver; (deliver = this.#shaper.take(performance.now()));) deliver();
    const nextMs = this.#shaper.nextMs();
    if (nextMs === Infinity || this.#closed) return;
    this.#timer = setTimeout(() => this.#run(), nextMs - performance.now());
  }
}

/** Lets a TCP stream through as fast as the line allows. */
const through = (line) =>
  new Transform({
    transform(chunk, _encoding, done) {
      for (let start = 0; start < chunk.length; start += PIECE_BYTES) {
        const piece = chunk.subarray(start, start + PIECE_BYTES);
        const last = start + PIECE_BYTES >= chunk.length;
        line.carry(piece.length, () => {
          if (this.destroyed) return;
          this.push(piece);
          if (last) done();
        });
      }
    },
  });

function tcpRelay(gateway, on, { up, down }) {
  const pairs = new Set();
  const server = net.createServer((client) => {
    client.on('error', () => client.destroy());
    if (!on.tcp) {
      pairs.add([client]);
      return;
    }
    const upstream = net.connect(gateway);
    const pair = [client, upstream];
    pairs.add(pair);
    upstream.on('error', () => client.destroy());
    client.pipe(through(up)).pipe(upstream).pipe(through(down)).pipe(client);
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      upstream.destroy();
    };
    client.once('close', end);
    upstream.once('close', end);
  });
  return {
    server,
    /** What is open stays open and carries nothing any more. */
    freeze() {
      for (const [client, upstream] of pairs) {
        client.unpipe();
        upstream?.unpipe();
        client.resume();
        upstream?.resume();
      }
    },
    reset() {
      for (const [client, upstream] of pairs) {
        client.resetAndDestroy();
        upstream?.destroy();
      }
      pairs.clear();
    },
  };
}

function udpRelay(gateway, on, { up, down }) {
  const front = dgram.createSocket('udp4');
  const upstreams = new Map();
  let count = 0;
  const upstreamOf = ({ address, port }) => {
    const key = `${address}:${port}`;
    const known = upstreams.get(key);
    if (known) return known;
    if (upstreams.size >= MAX_UDP_CLIENTS) return null;
    const socket = dgram.createSocket('udp4');
    socket.on('error', () => undefined);
    socket.on('message', (data) => {
      if (!on.udp) return;
      count++;
      down.offer(data.length, () => front.send(data, port, address));
    });
    upstreams.set(key, socket);
    return socket;
  };
  const send = (socket, data) => {
    // It may have been forgotten while this waited.
    if ([...upstreams.values()].includes(socket)) socket.send(data, gateway.port, gateway.host);
  };
  const forget = () => {
    for (const socket of upstreams.values()) socket.close();
    upstreams.clear();
  };
  front.on('message', (data, from) => {
    if (!on.udp) return;
    count++;
    const socket = upstreamOf(from);
    if (socket) up.offer(data.length, () => send(socket, data));
  });
  front.on('error', () => undefined);
  return {
    front,
    count: () => count,
    rebind: forget,
    close() {
      forget();
      front.close();
    },
  };
}

/** A port that is free for both; the first free one of TCP may be taken for UDP. */
async function listenBoth(server, front) {
  for (let attempt = 0; attempt < 20; attempt++) {
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    const bound = await new Promise((resolve) => {
      const failed = () => resolve(false);
      front.once('error', failed);
      front.bind(port, '127.0.0.1', () => {
        front.off('error', failed);
        resolve(true);
      });
    });
    if (bound) return port;
    await new Promise((resolve) => server.close(resolve));
  }
  throw new Error('no port is free for both TCP and UDP');
}
