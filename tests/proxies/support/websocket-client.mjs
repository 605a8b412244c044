// A client of the gateway that chooses the address it comes from, which on the loopback may be any of 127.0.0.0/8.
import { randomBytes } from 'node:crypto';
import https from 'node:https';

const SUBPROTOCOL = 'ferry.v1';
const TEXT = 0x81;

/** A masked text frame (RFC 6455 §5.2); the mask is zero, for these bytes are no secret. */
function frame(text) {
  const payload = Buffer.from(text);
  const head =
    payload.length < 126
      ? Buffer.from([TEXT, 0x80 | payload.length])
      : Buffer.from([TEXT, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** The whole text frames at the begin of `bytes`, and what is left. */
function unframe(bytes) {
  const messages = [];
  for (;;) {
    if (bytes.length < 4) return { messages, rest: bytes };
    const short = bytes[1] & 0x7f;
    const head = short < 126 ? 2 : 4;
    const size = short < 126 ? short : bytes.readUInt16BE(2);
    if (bytes.length < head + size) return { messages, rest: bytes };
    if (bytes[0] === TEXT) messages.push(JSON.parse(bytes.toString('utf8', head, head + size)));
    bytes = bytes.subarray(head + size);
  }
}

/**
 * Asks for a WebSocket at `url` from `from`. Resolves to the answer that was no upgrade, {status, headers, body}, or to the
 * open one, {status: 101, ask, close}.
 */
export function openWebSocket(url, { from = '127.0.0.1', headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const request = https.get(url, {
      rejectUnauthorized: false,
      agent: false,
      localAddress: from,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': randomBytes(16).toString('base64'),
        'sec-websocket-protocol': SUBPROTOCOL,
        ...headers,
      },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
      response.on('error', reject);
    });
    request.on('upgrade', (response, socket, begin) =>
      resolve({ status: response.statusCode, ...session(socket, begin) }),
    );
  });
}

function session(socket, begin) {
  const waiting = new Map();
  let rest = begin;
  let next = 1;
  const take = (chunk) => {
    const { messages, rest: left } = unframe(Buffer.concat([rest, chunk]));
    rest = left;
    for (const message of messages) waiting.get(message.id)?.resolve(message);
  };
  const fail = () => {
    for (const { reject } of waiting.values()) reject(new Error('the connection has ended'));
  };
  socket.on('data', take);
  socket.on('error', fail);
  socket.on('close', fail);
  return {
    /** Sends a request; resolves to its answer. */
    ask: (type, members) =>
      new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        socket.write(frame(JSON.stringify({ type, id, ...members })));
      }),
    close: () => socket.destroy(),
  };
}
