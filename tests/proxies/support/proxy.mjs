// Starts nginx and HAProxy in the foreground, with a folder of their own, and ends them.
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import process from 'node:process';

const DEADLINE_MS = 15_000;
/** Debian has both where users' paths do not look. */
const PATH = `${process.env.PATH}:/usr/sbin`;
/** Two connections for each of a thousand clients, and some. */
const MAX_CONNECTIONS = 4096;

export function installed(program) {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { env: { ...process.env, PATH } });
    return true;
  } catch {
    return false;
  }
}

/** A port of the loopback that nobody listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** What is around the guide's blocks: no daemon, no file outside `folder`. */
function nginxFile(folder, servers) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((kind) => `${kind}_temp_path ${folder}/${kind};`)
    .join('\n');
  return `daemon off;
${process.getuid() === 0 ? 'user root;' : ''}
pid ${folder}/nginx.pid;
worker_processes 1;
worker_rlimit_nofile ${2 * MAX_CONNECTIONS};
error_log stderr;
events { worker_connections ${MAX_CONNECTIONS}; }
http {
${temporary}
access_log off;
${servers}
}
`;
}

const haproxyFile = (sections) => `global
    maxconn ${MAX_CONNECTIONS}

${sections}`;

/** Runs `config` (server blocks of nginx, sections of HAProxy); resolves when it accepts on `port`. */
export async function startProxy(program, config, port, folder) {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${program}.conf`);
  writeFileSync(file, program === 'nginx' ? nginxFile(folder, config) : haproxyFile(config));
  const args =
    program === 'nginx' ? ['-p', folder, '-e', 'stderr', '-c', file] : ['-db', '-f', file];
  const child = spawn(program, args, {
    env: { ...process.env, PATH },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk));
  const exit = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  let ended = false;
  void exit.then(() => (ended = true));
  const deadline = Date.now() + DEADLINE_MS;
  while (!(await accepts(port))) {
    if (ended || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`${program} does not listen:\n${log}`);
    }
  }
  return {
    origin: `https://127.0.0.1:${port}`,
    log: () => log,
    async stop() {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const done = (answer) => {
      socket.destroy();
      // Not again at once: whoever is starting needs the processor.
      setTimeout(() => resolve(answer), answer ? 0 : 20);
    };
    socket.on('connect', () => done(true));
    socket.on('error', () => done(false));
  });
}
