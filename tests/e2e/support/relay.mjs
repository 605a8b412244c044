// A network between the browsers and the gateway that can fail: one port, TCP and UDP, carried to the gateway's.
import dgram from 'node:dgram';
import net from 'node:net';

/** Clients' UDP addresses remembered; a test has a handful. */
const MAX_UDP_CLIENTS = 64;

/**
 * Starts it on a free port of loopback. `udp` and `tcp` are the switches: a path that is off swallows what is sent into
 * it without a word, as firewalls do.
 * @param {string} gatewayOrigin
 */
export async function startRelay(gatewayOrigin) {
  const gateway = { host: '127.0.0.1', port: Number(new URL(gatewayOrigin).port) };
  const on = { udp: true, tcp: true };
  const tcp = tcpRelay(gateway, on);
  const udp = udpRelay(gateway, on);
  const port = await listenBoth(tcp.server, udp.front);
  return {
    origin: `https://127.0.0.1:${port}`,
    port,
    set(changes) {
      Object.assign(on, changes);
      if (changes.tcp === false) tcp.freeze();
    },
    /** Breaks every TCP connection, as a gateway or a NAT that lost its state does. */
    resetTcp: tcp.reset,
    /** From now on the gateway sees every UDP client under another address. */
    rebindUdp: udp.rebind,
    /** Datagrams carried so far. */
    datagrams: () => udp.count(),
    async stop() {
      tcp.reset();
      udp.close();
      await new Promise((resolve) => tcp.server.close(resolve));
    },
  };
}

function tcpRelay(gateway, on) {
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
    client.pipe(upstream).pipe(client);
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

function udpRelay(gateway, on) {
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
      front.send(data, port, address);
    });
    upstreams.set(key, socket);
    return socket;
  };
  const forget = () => {
    for (const socket of upstreams.values()) socket.close();
    upstreams.clear();
  };
  front.on('message', (data, from) => {
    if (!on.udp) return;
    count++;
    upstreamOf(from)?.send(data, gateway.port, gateway.host);
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
