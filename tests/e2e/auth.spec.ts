// Who is let in, and what the others are told.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { deflateSync, inflateSync } from 'node:zlib';
import { expect, test, type Gateway } from './support/fixtures';
import { gatewayPath } from './support/gateway.mjs';

/** A userSig as its JSON, and back. */
function unpack(userSig: string): Record<string, unknown> {
  const base64 = userSig.replaceAll('*', '+').replaceAll('-', '/').replaceAll('_', '=');
  return JSON.parse(inflateSync(Buffer.from(base64, 'base64')).toString());
}

function pack(members: Record<string, unknown>): string {
  const base64 = deflateSync(JSON.stringify(members)).toString('base64');
  return base64.replaceAll('+', '*').replaceAll('/', '-').replaceAll('=', '_');
}

/** Each a way to a wrong userSig for anna, and the code that says so. */
const wrong: [string, (gateway: Gateway) => Promise<string>, number[]][] = [
  ['rubbish', async () => 'rubbish', [70003, 70004]],
  ['somebody else’s', async (gateway) => (await gateway.userSig('bob')).userSig, [70013]],
  [
    'one with a forged name',
    async (gateway) => {
      const { userSig } = await gateway.userSig('bob');
      return pack({ ...unpack(userSig), 'TLS.identifier': 'anna' });
    },
    [70009],
  ],
  [
    'one with a longer life than was signed',
    async (gateway) => {
      const { userSig } = await gateway.userSig('anna');
      return pack({ ...unpack(userSig), 'TLS.expire': 1e9 });
    },
    [70009],
  ],
  [
    'one signed with another key',
    async (gateway) => {
      const { userSig } = await gateway.userSig('anna');
      return pack({ ...unpack(userSig), 'TLS.sig': Buffer.alloc(32, 7).toString('base64') });
    },
    [70009],
  ],
];

for (const [what, make, codes] of wrong) {
  test(`refuses ${what}`, async ({ gateway, newUser }) => {
    const anna = await newUser('anna');
    const { sdkAppId } = await gateway.userSig('anna');
    const error = await anna.enter({ roomId: 1, sdkAppId, userSig: await make(gateway) });
    expect(error).toMatchObject({ name: 'SERVER_ERROR', code: 5400 });
    expect(codes).toContain(error?.extraCode);
    // A refusal does no harm: the right one is taken afterwards.
    expect(await anna.enter()).toBeNull();
  });
}

test.describe('with no leeway for clocks', () => {
  test.use({ gatewayArgs: ['--usersig-expiry-skew-s', '0'] });

  test('refuses an expired one', async ({ gateway, newUser }) => {
    const anna = await newUser('anna');
    const { sdkAppId } = await gateway.userSig('anna');
    const userSig = gateway.sign('anna', 1);
    const expiresMs = 1000 * (Number(unpack(userSig)['TLS.time']) + 2);
    await anna.page.waitForFunction((until) => Date.now() > until, expiresMs);
    const error = await anna.enter({ roomId: 1, sdkAppId, userSig });
    expect(error).toMatchObject({ name: 'SERVER_ERROR', code: 5400, extraCode: 70001 });
  });
});

test('refuses an unknown application', async ({ gateway, newUser }) => {
  const anna = await newUser('anna');
  const { userSig } = await gateway.userSig('anna');
  const error = await anna.enter({ roomId: 1, sdkAppId: 1999999999, userSig });
  expect(error).toMatchObject({ name: 'SERVER_ERROR', code: 5400 });
  expect([70014, 70020]).toContain(error?.extraCode);
});

test.describe('in a small room', () => {
  test.use({ gatewayArgs: ['--max-rtc-users', '2'] });

  test('says that the room is full, until somebody leaves', async ({ newUser }) => {
    const [anna, bob, carol] = [
      await newUser('anna'),
      await newUser('bob'),
      await newUser('carol'),
    ];
    expect(await anna.enter()).toBeNull();
    expect(await bob.enter()).toBeNull();
    expect(await carol.enter()).toMatchObject({ code: 5400, extraCode: 20005 });
    expect(await anna.run('exitRoom')).toBeNull();
    await bob.waitForEvent({ event: 'remote-user-exit', userId: 'anna' });
    expect(await carol.enter()).toBeNull();
  });
});

test('the demo signs only when it is asked to', async ({ gateway }) => {
  const { status, body } = await gateway.get('/demo/usersig');
  expect(status).toBe(400);
  expect(body).not.toContain('userSig":');
});

test('the program signs nothing where no gateway has kept its secrets', () => {
  const cwd = mkdtempSync(path.join(os.tmpdir(), 'ferry-e2e-'));
  const args = ['usersig', '--user', 'anna'];
  const { status, stdout, stderr } = spawnSync(gatewayPath(), args, { cwd, encoding: 'utf8' });
  expect([status, stdout]).toEqual([1, '']);
  expect(stderr).toContain('there is no database ferry-data/ferry.db; give the data-dir');
  expect(readdirSync(cwd)).toEqual([]);
  rmSync(cwd, { recursive: true });
});
