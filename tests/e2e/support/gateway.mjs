// Starts the gateway for a test, with a directory of its own, and ends it.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const START_DEADLINE_MS = 15_000;
const STOP_DEADLINE_MS = 10_000;
/** What is kept of the log, to be shown when something fails. */
const MAX_LOG = 256 * 1024;

/** Path of the program: FERRY_GATEWAY from the environment, else the release build. */
export function gatewayPath() {
  const program =
    process.env.FERRY_GATEWAY ?? path.join(ROOT, 'build/release/gateway/ferry-gateway');
  if (!existsSync(program)) {
    throw new Error(`No gateway at ${program}: run ./dev build, or set FERRY_GATEWAY to one.`);
  }
  return program;
}

/** Path of the gateway that has a participant without a connection: beside the gateway itself. */
export function syntheticGatewayPath() {
  const program =
    process.env.FERRY_SYNTHETIC_GATEWAY ??
    path.join(path.dirname(gatewayPath()), '../tests/e2e/synthetic_gateway');
  if (!existsSync(program)) {
    throw new Error(`No gateway at ${program}: run ./dev build, or set FERRY_SYNTHETIC_GATEWAY.`);
  }
  return program;
}

/** Whether the program was built with it. */
export function hasWebTransport() {
  const version = execFileSync(gatewayPath(), ['--version'], { encoding: 'utf8' });
  return !version.includes('without WebTransport');
}

/** The demo and the test pages (under /e2e/) as one directory, as the gateway serves it. */
function webRoot(directory) {
  const target = path.join(directory, 'web');
  const demo = path.join(ROOT, 'web/dist');
  if (!existsSync(demo)) throw new Error(`No demo at ${demo}: run ./dev build.`);
  cpSync(demo, target, { recursive: true });
  for (const part of ['media', 'pages']) {
    cpSync(path.join(ROOT, 'tests/e2e', part), path.join(target, 'e2e', part), { recursive: true });
  }
  return target;
}

/**
 * Starts a gateway, on a free port unless one is given; `args` are added to the command line. `directory` is what
 * another one left behind: its keys go on. Without `pages` it serves none. Resolves when it listens.
 * @param {{ program?: string, args?: string[], port?: number, directory?: string, pages?: boolean }} [options]
 */
export async function startGateway({
  program = gatewayPath(),
  args = [],
  port = 0,
  directory = mkdtempSync(path.join(os.tmpdir(), 'ferry-e2e-')),
  pages = true,
} = {}) {
  const data = path.join(directory, 'data');
  const child = spawn(
    program,
    [
      ...['--demo', '--listen', '127.0.0.1', '--port', String(port), '--data-dir', data],
      ...['--admin-listen', '127.0.0.1:0'],
      ...['--drain-timeout-s', '0'],
      ...[
        '--demo-dir',
        pages ? webRoot(directory) : directory,
        '--sdk-dir',
        process.env.FERRY_SDK ?? path.join(ROOT, 'js-api/dist'),
        ...args,
      ],
    ],
    { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let log = '';
  const exit = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  const [origin, metricsUrl] = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The gateway did not listen within ${START_DEADLINE_MS} ms:\n${log}`));
    }, START_DEADLINE_MS);
    const read = (chunk) => {
      log = (log + chunk).slice(-MAX_LOG);
      const listening = /listening on (https:\/\/[\w.:[\]-]+)/.exec(log);
      const metrics = /metrics on (http:\/\/[\w.:[\]/-]+)\n/.exec(log);
      if (!listening || !metrics) return;
      clearTimeout(timer);
      resolve([listening[1], metrics[1]]);
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    exit.then(
      ({ code }) => reject(new Error(`The gateway ended with ${code}:\n${log}`)),
      (error) => reject(error),
    );
  });
  const get = (target) => request(new URL(target, origin));
  const clean = () => rmSync(directory, { recursive: true, force: true });
  return {
    origin,
    directory,
    pid: child.pid,
    exit,
    get,
    /** What it counts, in the text format of Prometheus. */
    metrics: async () => (await request(new URL(metricsUrl))).body,
    log: () => log,
    async userSig(userId) {
      const { body } = await get(`/demo/usersig?userId=${encodeURIComponent(userId)}`);
      return JSON.parse(body);
    },
    /** A userSig of the demo's application that is valid for `seconds`. */
    sign: (userId, seconds) =>
      execFileSync(
        gatewayPath(),
        ['usersig', '--data-dir', data, '--user', userId, '--expire', String(seconds)],
        { encoding: 'utf8' },
      ).trim(),
    /** SIGTERM; resolves to {code, signal} when it has ended. */
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
      const ended = await exit;
      clearTimeout(timer);
      clean();
      return ended;
    },
    /**
     * Ends it as a power failure would; `leave` keeps its directory.
     * @param {{ leave?: boolean }} [options]
     */
    async kill({ leave = false } = {}) {
      child.kill('SIGKILL');
      const ended = await exit;
      if (!leave) clean();
      return ended;
    },
  };
}

/**
 * Connections of clients by transport, as the gateway counts them.
 * @param {{ metrics: () => Promise<string> }} gateway
 */
export async function clientConnections(gateway) {
  const body = await gateway.metrics();
  const of = (transport) => {
    const line = `^ferry_client_connections\\{transport="${transport}"\\} (\\d+)`;
    return Number(new RegExp(line, 'm').exec(body)?.[1]);
  };
  return { webtransport: of('webtransport'), websocket: of('websocket') };
}

/** GET without a look at the certificate: {status, headers, body}. */
function request(url) {
  const { get } = url.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false, agent: false }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => (body += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode, headers: response.headers, body }),
      );
      response.on('error', reject);
    }).on('error', reject);
  });
}
