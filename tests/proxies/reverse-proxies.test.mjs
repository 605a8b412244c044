// The gateway behind nginx and HAProxy, configured as docs/reverse-proxies.md says.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { startGateway } from '../e2e/support/gateway.mjs';
import { adapted, block } from './support/guide.mjs';
import { freePort, installed, startProxy } from './support/proxy.mjs';
import { openWebSocket } from './support/websocket-client.mjs';

const missing = ['nginx', 'haproxy'].filter((program) => !installed(program));
const skip = missing.length > 0 && `${missing.join(' and ')} is not installed`;

const folder = mkdtempSync(join(tmpdir(), 'ferry-proxies-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const running = [];
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop();
});

/** More than the connections of one address, which are 1 000 by default. */
const CROWD = 1001;
const LOG_DEADLINE_MS = 10_000;
/** Opened at a time: a crowd that comes at once is another test. */
const AT_A_TIME = 50;
/** No two of them come from one address. */
const addressOf = (index) => `127.1.${index >> 8}.${index & 255}`;

const PAGE = '<p>a page</p>';

/** A gateway with the guide's settings of `name`, and what `args` add. */
async function gatewayOf(name, args = []) {
  const file = join(folder, `${name}.toml`);
  const settings = block('toml', name);
  writeFileSync(file, settings);
  const plain = settings.includes('plain-listen') ? ['--plain-listen', '127.0.0.1:0'] : [];
  const directory = mkdtempSync(join(folder, 'gateway-'));
  writeFileSync(join(directory, 'index.html'), PAGE);
  const gateway = await startGateway({
    args: ['--config', file, ...plain, ...args],
    directory,
    pages: false,
  });
  running.push(gateway);
  const port = Number(new URL(gateway.origin).port);
  const plainPort = Number(/reverse proxies, on port (\d+)/.exec(gateway.log())?.[1] ?? 0);
  return { ...gateway, port, plainPort };
}

/** nginx or HAProxy with the guide's configuration of `name`, before `gateway`; `change` breaks it. */
async function proxyOf(program, name, gateway, change = (config) => config) {
  const port = await freePort();
  const data = join(gateway.directory, 'data');
  const [certificate, key] = [join(data, 'certificate.pem'), join(data, 'private-key.pem')];
  const both = join(folder, `${name}.pem`);
  writeFileSync(both, readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8'));
  const text = block(program, name);
  const words = {
    'listen 443 ': `listen 127.0.0.1:${port} `,
    'bind :443': `bind 127.0.0.1:${port}`,
    '/etc/ssl/ferry/fullchain.pem': certificate,
    '/etc/ssl/ferry/privkey.pem': key,
    '/etc/haproxy/certs/ferry.pem': both,
    '127.0.0.1:8443': `127.0.0.1:${gateway.port}`,
    '127.0.0.1:8080': `127.0.0.1:${gateway.plainPort}`,
  };
  const used = Object.fromEntries(Object.entries(words).filter(([word]) => text.includes(word)));
  const proxy = await startProxy(
    program,
    change(adapted(text, used)),
    port,
    join(folder, `${name}-${port}`),
  );
  running.push(proxy);
  return proxy;
}

/** Waits for the log to say so: it is written by a thread of its own. */
async function logged(gateway, words) {
  const deadline = Date.now() + LOG_DEADLINE_MS;
  while (!gateway.log().includes(words)) {
    assert.ok(Date.now() < deadline, `the log says ${words}:\n${gateway.log()}`);
    await setTimeout(20);
  }
}

const enter = async (client, gateway, userId) => {
  const { sdkAppId, userSig } = await gateway.userSig(userId);
  return client.ask('join', {
    version: 1,
    sdkAppId,
    userId,
    userSig,
    room: { kind: 'number', id: 1 },
    scene: 'rtc',
    role: 'anchor',
  });
};

/** Opens so many WebSockets at `url`, each of another address, and keeps them; the statuses that came. */
async function crowd(url, count) {
  const clients = [];
  const statuses = new Set();
  for (let begin = 0; begin < count; begin += AT_A_TIME) {
    const indices = Array.from({ length: Math.min(AT_A_TIME, count - begin) }, (_, i) => begin + i);
    const opened = await Promise.all(
      indices.map((index) => openWebSocket(url, { from: addressOf(index) })),
    );
    for (const one of opened) statuses.add(one.status);
    clients.push(...opened);
  }
  return { clients, statuses: [...statuses], end: () => clients.forEach((one) => one.close?.()) };
}

/** What all four have to show: two users in a room, each with an address of its own; and files. */
async function carriesACall(proxy, gateway, path = '') {
  const url = `${proxy.origin}${path}/rtc/v1`;
  const ann = await openWebSocket(url, { from: '127.2.0.1' });
  assert.equal(ann.status, 101);
  assert.equal((await enter(ann, gateway, 'ann')).type, 'ok');
  const bob = await openWebSocket(url, {
    from: '127.2.0.2',
    headers: { 'x-forwarded-for': '192.0.2.7' },
  });
  const joined = await enter(bob, gateway, 'bob');
  assert.deepEqual(
    joined.users.map(({ userId }) => userId),
    ['ann'],
  );
  await logged(gateway, 'event=joined remote=127.2.0.1 ');
  // Whatever bob says of himself.
  await logged(gateway, 'event=joined remote=127.2.0.2 ');
  const page = await openWebSocket(`${proxy.origin}${path}/`, { headers: { upgrade: 'none' } });
  assert.equal(page.body, PAGE);
  ann.close();
  bob.close();
}

describe('behind nginx that ends TLS', { skip }, () => {
  test('a call is carried, and more users than one address may have connections', async () => {
    const gateway = await gatewayOf('nginx-http', ['--join-timeout-ms', '120000']);
    const proxy = await proxyOf('nginx', 'nginx-http', gateway);
    await carriesACall(proxy, gateway);
    const many = await crowd(`${proxy.origin}/rtc/v1`, CROWD);
    assert.deepEqual(many.statuses, [101]);
    many.end();
  });

  test('that is not trusted all users count as one, which the gateway says', async () => {
    const gateway = await gatewayOf('nginx-http', [
      ...['--max-connections-per-address', '2', '--trusted-proxies', '192.0.2.1'],
    ]);
    const proxy = await proxyOf('nginx', 'nginx-http', gateway);
    const { clients, end } = await crowd(`${proxy.origin}/rtc/v1`, 3);
    const refused = clients.find(({ status }) => status === 429);
    assert.match(refused.body, /127\.0\.0\.1, whose X-Forwarded-For is not believed/);
    end();
  });

  for (const [what, change] of [
    [
      'no line of it',
      (config) =>
        config.replace(/^.*proxy_(set_header (Upgrade|Connection)|http_version).*$/gm, ''),
    ],
    ['Upgrade alone', (config) => config.replace(/^.*proxy_set_header Connection.*$/gm, '')],
    ['HTTP/1.0', (config) => config.replace(/^.*proxy_http_version.*$/gm, '')],
  ]) {
    test(`with ${what} for WebSockets it is said that the proxy lacks Upgrade`, async () => {
      const gateway = await gatewayOf('nginx-http');
      const proxy = await proxyOf('nginx', 'nginx-http', gateway, change);
      const refused = await openWebSocket(`${proxy.origin}/rtc/v1`);
      assert.equal(refused.status, 426);
      assert.match(refused.body, /does not pass on Upgrade and Connection/);
      await logged(gateway, 'event=upgrade-lost');
      // What the SDK asks, for its WebSocket does not tell it: any page may read the answer.
      const asked = await openWebSocket(
        `${proxy.origin}/rtc/v1?origin=https%3A%2F%2Fpage.example`,
        {
          headers: { upgrade: 'none', origin: 'https://page.example' },
        },
      );
      assert.equal(asked.status, 426);
      assert.equal(asked.headers['access-control-allow-origin'], '*');
    });
  }
});

describe('behind nginx under a path', { skip }, () => {
  test('a call is carried', async () => {
    const gateway = await gatewayOf('nginx-path');
    const proxy = await proxyOf('nginx', 'nginx-path', gateway);
    await carriesACall(proxy, gateway, '/calls');
    const signed = await openWebSocket(`${proxy.origin}/calls/demo/usersig?userId=ann`, {
      headers: { upgrade: 'none' },
    });
    assert.equal(signed.status, 200);
  });

  test('which nginx takes off, the gateway need not know of it', async () => {
    const gateway = await gatewayOf('nginx-path', ['--path-prefix', '/']);
    const proxy = await proxyOf('nginx', 'nginx-path', gateway, (config) =>
      config
        .replace('location /calls {', 'location /calls/ {')
        .replace(/proxy_pass (.*);/, 'proxy_pass $1/;'),
    );
    await carriesACall(proxy, gateway, '/calls');
  });
});

describe('behind HAProxy that passes TLS on', { skip }, () => {
  test('a call is carried, and more users than one address may have connections', async () => {
    const gateway = await gatewayOf('haproxy-tcp', ['--join-timeout-ms', '120000']);
    const proxy = await proxyOf('haproxy', 'haproxy-tcp', gateway);
    await carriesACall(proxy, gateway);
    const many = await crowd(`${proxy.origin}/rtc/v1`, CROWD);
    assert.deepEqual(many.statuses, [101]);
    many.end();
  });

  test('a call is carried by version 1 of the PROXY protocol too', async () => {
    const gateway = await gatewayOf('haproxy-tcp');
    const proxy = await proxyOf('haproxy', 'haproxy-tcp', gateway, (config) =>
      config.replace('send-proxy-v2', 'send-proxy'),
    );
    await carriesACall(proxy, gateway);
  });

  test('its header is refused where it is not trusted, which the gateway says', async () => {
    const gateway = await gatewayOf('haproxy-tcp', ['--trusted-proxies', '192.0.2.1']);
    const proxy = await proxyOf('haproxy', 'haproxy-tcp', gateway);
    await assert.rejects(openWebSocket(`${proxy.origin}/rtc/v1`));
    await logged(gateway, 'event=connection-refused reason=proxy_untrusted remote=127.0.0.1');
  });
});

describe('behind HAProxy that ends TLS', { skip }, () => {
  test('a call is carried', async () => {
    const gateway = await gatewayOf('haproxy-http');
    const proxy = await proxyOf('haproxy', 'haproxy-http', gateway);
    await carriesACall(proxy, gateway);
  });
});
