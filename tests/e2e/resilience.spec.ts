// A gateway that goes away, and guests who behave badly.
import WebSocket from 'ws';
import { expect, test, type Gateway } from './support/fixtures';
import { startGateway } from './support/gateway.mjs';
import { residentBytes } from './support/processes.mjs';
import { longestGapMs } from './support/numbers.mjs';
import { MAX_GAP_MS, SOON_MS, expectInOrder, forgiveNetwork, type User } from './support/user';

/** A connection that broke is told at once; this is the longest that one which only went silent may take. */
const LOSS_NOTICED_MS = 10_000;
/** Reconnecting waits longer each time: after a short absence of the gateway by so much at most. */
const FOUND_AGAIN_MS = 20_000;
/** Entering fails within 10 s, whatever way is tried; the rest is the way there from this process and back. */
const ENTERING_FAILS_MS = 11_000;

test('a killed gateway is noticed, said, and nothing hangs', async ({ gateway, newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);
  await bob.hears(anna);
  await anna.hears(bob);
  const killedMs = await anna.now();
  await gateway.kill();
  for (const user of [anna, bob]) {
    const lost = { event: 'connection-state-changed', state: 'DISCONNECTED' };
    await user.waitForEvent(lost, killedMs, LOSS_NOTICED_MS);
    const seeking = {
      event: 'connection-state-changed',
      state: 'CONNECTING',
      isReconnecting: true,
    };
    await user.waitForEvent(seeking, killedMs);
  }
  for (const user of [anna, bob]) {
    expect(await user.run('exitRoom')).toBeNull();
    expect(await user.run('stopLocalVideo')).toBeNull();
    expect(await user.run('stopLocalAudio')).toBeNull();
    expect(await user.run('destroy')).toBeNull();
    forgiveNetwork(user);
  }
});

test.describe('with all patience for its clients', () => {
  test.use({ gatewayArgs: ['--shutdown-timeout-ms', '60000'] });

  test('a gateway that is told to end tells its clients', async ({ gateway, newUser }) => {
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await anna.join();
    await bob.join();
    await bob.sees(anna);
    await bob.hears(anna);
    await anna.hears(bob);
    // Its patience is longer than that of stop(): clients do not hold it up.
    const ended = await gateway.stop();
    expect(ended).toEqual({ code: 0, signal: null });
    for (const user of [anna, bob]) {
      await user.waitForEvent({ event: 'connection-state-changed', prevState: 'CONNECTED' });
      expect(await user.run('exitRoom')).toBeNull();
      forgiveNetwork(user);
    }
  });
});

test('a call goes on by itself when its gateway was restarted', async ({ gateway, newUser }) => {
  const [anna, bob] = [await newUser('anna'), await newUser('bob')];
  await anna.join();
  await bob.join();
  await bob.sees(anna);
  await anna.sees(bob);
  const killedMs = await anna.now();
  await gateway.kill({ leave: true });
  const { directory } = gateway;
  const second = await startGateway({ port: Number(new URL(gateway.origin).port), directory });
  try {
    for (const user of [anna, bob]) {
      const found = { event: 'connection-state-changed', state: 'CONNECTED' };
      await user.waitForEvent(found, killedMs, FOUND_AGAIN_MS);
    }
    const sinceMs = await anna.now();
    await bob.sees(anna, { sinceMs });
    await anna.sees(bob, { sinceMs });
    await bob.hears(anna, { sinceMs });
    for (const user of [anna, bob]) {
      const events = await user.events(killedMs);
      expect(events.filter(({ event }) => /error|remote-user|remote-video/.test(event))).toEqual(
        [],
      );
    }
    for (const user of [anna, bob]) {
      expect(await user.run('exitRoom')).toBeNull();
      forgiveNetwork(user);
    }
  } finally {
    expect((await second.stop()).code).toBe(0);
  }
});

test('one enters again when the gateway is back', async ({ gateway, newUser }) => {
  const anna = await newUser('anna');
  await anna.join();
  await gateway.stop();
  await anna.waitForEvent({ event: 'connection-state-changed', prevState: 'CONNECTED' });
  expect(await anna.run('exitRoom')).toBeNull();
  const second = await startGateway({ port: Number(new URL(gateway.origin).port) });
  try {
    expect(await anna.enter()).toBeNull();
    const bob = await newUser('bob');
    await bob.join();
    await bob.sees(anna);
    await anna.sees(bob);
    expect(await anna.run('exitRoom')).toBeNull();
    expect(await bob.run('exitRoom')).toBeNull();
    forgiveNetwork(anna);
  } finally {
    expect((await second.stop()).code).toBe(0);
  }
});

test('no gateway: entering fails in words and in time', async ({ gateway, newUser }) => {
  const anna = await newUser('anna');
  const sig = await gateway.userSig('anna');
  // Afterwards the page has all that the SDK loads.
  expect(await anna.enter({ roomId: 1, ...sig })).toBeNull();
  expect(await anna.run('exitRoom')).toBeNull();
  await gateway.kill();
  const began = Date.now();
  expect(await anna.enter({ roomId: 1, ...sig })).toMatchObject({
    name: 'OPERATION_FAILED',
    code: 5500,
    extraCode: 5501,
    message: expect.stringMatching(/no connection to the gateway; .*websocket: \w/),
  });
  expect(Date.now() - began).toBeLessThan(ENTERING_FAILS_MS);
  forgiveNetwork(anna);
});

test.describe('with less patience for who does not read', () => {
  // Who was cut off may come back for a while, unseen by the others.
  test.use({ gatewayArgs: ['--slow-reader-timeout-ms', '2000', '--resume-timeout-s', '3'] });

  test('bad guests are cut off and do not disturb a call', async ({ gateway, newUser }) => {
    const [anna, bob] = [await newUser('anna'), await newUser('bob')];
    await anna.join();
    await bob.join();
    await anna.sees(bob, { count: 60 });
    await bob.sees(anna, { count: 60 });
    const before = residentBytes(gateway.pid);
    const sinceMs = await anna.now();

    const vandals = await garbage(gateway);
    const sloth = await neverReads(gateway, 'sloth', anna);
    const flood = await floods(gateway, 'flood');
    // The call goes on both ways while they do their worst.
    for (const [user, other] of [
      [anna, bob],
      [bob, anna],
    ] as const) {
      await user.sees(other, { sinceMs, count: 90 });
      await user.hears(other, { sinceMs, count: 6 });
      const { frames } = await user.report(other, sinceMs);
      expectInOrder(frames);
      expect(longestGapMs(frames), 'longest time without a picture').toBeLessThan(MAX_GAP_MS);
    }
    await anna.waitForEvent({ event: 'remote-user-exit', userId: 'sloth' }, sinceMs);
    expect(gateway.log()).toMatch(/event=closing code=4004/);
    const slothClosed = closed(sloth);
    sloth.resume();
    await slothClosed;
    expect(await flood.closed).toBe(4003);
    expect(flood.refusals(), 'messages answered with 20009').toBeGreaterThan(0);
    for (const user of [anna, bob]) {
      const events = await user.events(sinceMs);
      expect(events.filter(({ event }) => /error|kicked|connection/.test(event))).toEqual([]);
    }
    for (const guest of vandals) guest.terminate();
    const grown = residentBytes(gateway.pid) - before;
    expect(grown, 'memory of the gateway').toBeLessThan(64 * 1024 * 1024);
  });
});

for (const [what, send] of [
  ['no JSON', (socket: WebSocket) => socket.send('{{{{')],
  ['an unknown type', (socket: WebSocket) => socket.send('{"type":"dance","id":1}')],
  ['a request before join', (socket: WebSocket) => socket.send('{"type":"leave","id":1}')],
] as const) {
  test(`answers ${what} with an error`, async ({ gateway }) => {
    const socket = await connect(gateway);
    const answer = new Promise<string>((resolve) =>
      socket.once('message', (data) => resolve(data.toString())),
    );
    send(socket);
    expect(JSON.parse(await answer)).toMatchObject({
      type: 'error',
      code: expect.any(Number),
      message: expect.stringMatching(/\w+/),
    });
    socket.terminate();
  });
}

test('cuts off who sends too large a frame, and who sends too much rubbish', async ({
  gateway,
}) => {
  const large = await connect(gateway);
  const largeClosed = closed(large);
  large.send(Buffer.alloc(100_000));
  expect(await largeClosed).toBe(1009);

  const noisy = await connect(gateway);
  const noisyClosed = closed(noisy);
  for (let i = 0; i < 2000 && noisy.readyState === WebSocket.OPEN; i++) noisy.send('rubbish');
  expect(await noisyClosed).toBe(4003);
});

async function connect(gateway: Gateway): Promise<WebSocket> {
  const url = `${gateway.origin.replace('https', 'wss')}/rtc/v1`;
  const socket = new WebSocket(url, 'ferry.v1', {
    rejectUnauthorized: false,
    perMessageDeflate: false,
  });
  socket.on('error', () => {}); // Being cut off is what these are for.
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  return socket;
}

function closed(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve));
}

/** Enters the room of the call by hand; gives the answer to `join`. */
async function join(socket: WebSocket, gateway: Gateway, userId: string) {
  const { sdkAppId, userSig } = await gateway.userSig(userId);
  const room = { kind: 'number', id: 1 };
  const entry = { version: 1, sdkAppId, userId, userSig, room, scene: 'rtc', role: 'anchor' };
  return request(socket, { type: 'join', ...entry, client: 'a bad guest' });
}

let lastId = 0;
interface Answer {
  type: string;
  id: number;
  code?: number;
  users: { userId: string; streams: { streamId: string }[] }[];
}
function request(socket: WebSocket, message: object): Promise<Answer> {
  const id = ++lastId;
  return new Promise((resolve) => {
    const read = (data: WebSocket.RawData, binary: boolean) => {
      const answer = binary ? null : (JSON.parse(`${data}`) as Answer);
      if (answer?.id !== id) return;
      socket.off('message', read);
      resolve(answer);
    };
    socket.on('message', read);
    socket.send(JSON.stringify({ ...message, id }));
  });
}

/** Clients that send what is no message, before and after entering. */
async function garbage(gateway: Gateway): Promise<WebSocket[]> {
  const messages: (string | Buffer)[] = [
    '',
    '{',
    '[]',
    'null',
    '"join"',
    '{"type":"join","id":1}',
    '{"type":"join","id":-1,"version":"one","room":[]}',
    `{"type":"publish","id":2,"kind":"${'x'.repeat(30_000)}"}`,
    '['.repeat(20_000),
    Buffer.from([0x80]),
    Buffer.alloc(12),
    Buffer.alloc(1200, 0xff),
    Buffer.from('81c9000700000001', 'hex'),
  ];
  const sockets = [];
  for (const enter of [false, true]) {
    const socket = await connect(gateway);
    if (enter) expect(await join(socket, gateway, 'vandal')).toMatchObject({ type: 'ok' });
    for (const message of messages) if (socket.readyState === WebSocket.OPEN) socket.send(message);
    sockets.push(socket);
  }
  return sockets;
}

/** Subscribes to everything of a user and then reads nothing more. */
async function neverReads(gateway: Gateway, userId: string, of: User): Promise<WebSocket> {
  const socket = await connect(gateway);
  const { users } = await join(socket, gateway, userId);
  const streams = users.find((user) => user.userId === of.userId)?.streams ?? [];
  expect(streams.length).toBe(2);
  for (const { streamId } of streams) await request(socket, { type: 'subscribe', streamId });
  socket.pause();
  return socket;
}

/** Sends more control messages than one may; `refusals` counts those refused for their rate. */
async function floods(gateway: Gateway, userId: string) {
  const socket = await connect(gateway);
  await join(socket, gateway, userId);
  let refused = 0;
  socket.on('message', (data, binary) => {
    if (!binary && (JSON.parse(`${data}`) as Answer).code === 20009) refused++;
  });
  const end = closed(socket);
  const timeMs = Date.now();
  for (let id = 1e6; id < 1e6 + 5000 && socket.readyState === WebSocket.OPEN; id++) {
    socket.send(JSON.stringify({ type: 'ping', id, timeMs }));
  }
  return { closed: end, refusals: () => refused };
}

test.setTimeout(60_000 + SOON_MS);
