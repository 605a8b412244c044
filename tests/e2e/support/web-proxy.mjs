// A reverse proxy as many are: it answers at a port of its own, adds a path, and may know nothing of WebSockets.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { pipeline } from 'node:stream';

/**
 * Starts it before a gateway that startGateway started, at whose root is what this shows under `prefix`. Without `upgrade` it
 * passes requests for a WebSocket on as plain ones, as RFC 9110 §7.6.1 has it of headers that are not for it to forward.
 * @param {{ origin: string, directory: string }} gateway
 * @param {{ prefix?: string, upgrade?: boolean }} [options]
 */
export async function startWebProxy({ origin, directory }, { prefix = '', upgrade = true } = {}) {
  const { hostname, port } = new URL(origin);
  const read = (name) => readFileSync(path.join(directory, 'data', name));
  const sockets = new Set();
  const forward = ({ method, url, headers, socket }) => {
    const to = { hostname, port, method, rejectUnauthorized: false, agent: false };
    const from = headers['x-forwarded-for'] ?? socket.remoteAddress;
    return https.request({
      ...to,
      path: url.slice(prefix.length),
      headers: { ...headers, 'x-forwarded-for': from },
    });
  };
  const found = (url) => url.startsWith(`${prefix}/`);
  const server = https.createServer(
    { key: read('private-key.pem'), cert: read('certificate.pem') },
    (request, response) => {
      if (!found(request.url)) {
        response.writeHead(404).end();
        return;
      }
      delete request.headers.upgrade;
      delete request.headers.connection;
      const onward = forward(request);
      onward.on('response', (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        answer.on('error', () => response.destroy());
      });
      onward.on('error', () => response.writeHead(502).end());
      onward.end();
    },
  );
  if (upgrade)
    server.on('upgrade', (request, socket) => {
      const onward = forward(request);
      onward.on('upgrade', (answer, other) => {
        const lines = Object.entries(answer.headers).map(
          ([name, value]) => `${name}: ${value}\r\n`,
        );
        socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
        pipeline(other, socket, () => undefined);
        pipeline(socket, other, () => undefined);
      });
      onward.on('error', () => socket.destroy());
      onward.end();
    });
  server.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `https://127.0.0.1:${server.address().port}${prefix}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        for (const socket of sockets) socket.destroy();
      }),
  };
}
