// Installs what a release publishes on systems that have nothing installed, and calls through it. Needs root, for
// namespaces of its own, and a Debian mirror.
import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { bareRoot, privateNetwork } from './support/bare-root.mjs';
import { client, output, published, run, temporaryFolder, version } from './support/release.mjs';

const DEMO_APPLICATION = '1400000001';
const CONFIGURATION = '/etc/ferry/ferry-gateway.toml';
const LISTENING = /^listening on https:\/\/127\.0\.0\.1:8443$/;
const deb = () => published(/^ferry-gateway_.*\.deb$/);

/** What a unit's [Service] section says. */
function setting(unit, name) {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(unit)[1];
}

/** Clients of both transports in a room, one with a picture, two with sound; each must hear and see the others. */
function call(t, network, usersig) {
  const signer = join(temporaryFolder(t), 'usersig');
  writeFileSync(
    signer,
    `#!/bin/sh\nexec ${usersig.map((part) => `'${part}'`).join(' ')} --user "$1"\n`,
  );
  chmodSync(signer, 0o755);
  const load = ['load', 'https://127.0.0.1:8443', '--insecure', '--transport', 'both'];
  const media = ['--audio-publishers', '2', '--video-publishers', '1'];
  const subscriptions = ['--subscribe-audio', '2', '--subscribe-video', '1'];
  const who = ['--sdk-app-id', DEMO_APPLICATION, '--usersig-command', signer];
  const time = ['--clients', '4', '--warm-up', '1', '--duration', '2'];
  const args = [...network.enter, client, ...load, ...media, ...subscriptions, ...who, ...time];
  const report = JSON.parse(output('nsenter', args));
  assert.equal(report.joined, 4, JSON.stringify(report));
  assert.equal(report.failed, 0);
  // Two seconds of 50 packets for each of: two publishers hear one another, two listeners hear both.
  assert.equal(report.audio.streams, 6);
  assert.ok(report.audio.packets > 300, JSON.stringify(report.audio));
  assert.equal(report.video.streams, 3);
  assert.ok(report.video.packets > 300, JSON.stringify(report.video));
  assert.equal(report.audio.damaged + report.video.damaged, 0);
}

/** The same package as a later version with another default configuration. */
function laterDeb(t, later) {
  const folder = temporaryFolder(t);
  const contents = join(folder, 'contents');
  run('dpkg-deb', ['-R', deb(), contents]);
  const edit = (name, change) => {
    const text = readFileSync(join(contents, name), 'utf8');
    assert.notEqual(change(text), text);
    writeFileSync(join(contents, name), change(text));
  };
  edit('DEBIAN/control', (text) => text.replace(/^Version: .*/m, `Version: ${later}`));
  edit(CONFIGURATION, (text) => text.replace(/^max-rooms = .*/m, 'max-rooms = 4000'));
  const file = join(folder, `ferry-gateway_${later}_later.deb`);
  run('dpkg-deb', ['--root-owner-group', '-Znone', '--build', contents, file]);
  return file;
}

const setConfiguration = (root, change) => {
  const text = root.read(CONFIGURATION);
  assert.notEqual(change(text), text);
  writeFileSync(root.path(CONFIGURATION), change(text));
};

/** Puts a new certificate where docs/installing.md says; returns its SHA-256. */
function installCertificate(t, root, booted) {
  const folder = temporaryFolder(t);
  const key = join(folder, 'privkey.pem');
  const chain = join(folder, 'fullchain.pem');
  const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const made = ['-subj', '/CN=call.example.com', '-days', '30', '-keyout', key, '-out', chain];
  run('openssl', ['req', ...kind, ...made]);
  for (const file of [key, chain]) {
    const brought = root.bring(file);
    booted.run(['install', '-o', 'root', '-g', 'ferry', '-m', '0640', brought, '/etc/ferry/']);
  }
  const print = output('openssl', ['x509', '-noout', '-fingerprint', '-sha256', '-in', chain]);
  return print.trim().split('=')[1].replaceAll(':', '').toLowerCase();
}

/** The bytes of everything in a folder of the system, by name. */
function contentsOf(root, folder) {
  const names = output('find', ['.', '-type', 'f'], { cwd: root.path(folder) })
    .trim()
    .split('\n');
  return Object.fromEntries(
    names.sort().map((name) => {
      const content = readFileSync(join(root.path(folder), name));
      return [name, createHash('sha256').update(content).digest('hex')];
    }),
  );
}

const keepConfiguration = [
  '-o',
  'Dpkg::Options::=--force-confdef',
  '-o',
  'Dpkg::Options::=--force-confold',
];
const install = (file) => ['apt-get', 'install', '-q', '-y', ...keepConfiguration, file];

test('the deb on a bare Debian 12: installed, called through, upgraded, purged', async (t) => {
  const network = await privateNetwork(t);
  const root = bareRoot(t, 'bookworm');
  root.run(['apt-get', 'update', '-q']);
  const before = root.leftovers();
  const file = root.bring(deb());

  await t.test('is installed with what it depends on', () => {
    root.run(install(file));
    const stat = (path) => root.run(['stat', '-c', '%U:%G %a', path]).stdout.trim();
    assert.equal(stat(CONFIGURATION), 'root:ferry 640');
    assert.equal(stat('/var/lib/ferry'), 'ferry:ferry 750');
    assert.equal(root.run(['ferry-gateway', '--version']).stdout, `ferry-gateway ${version}\n`);
  });

  const unit = root.read('/lib/systemd/system/ferry-gateway.service');
  const start = () =>
    root.start(t, network, setting(unit, 'ExecStart').split(' '), {
      user: `${setting(unit, 'User')}:${setting(unit, 'Group')}`,
      folder: setting(unit, 'WorkingDirectory'),
      pattern: LISTENING,
    });
  const usersig = ['chroot', root.folder, 'ferry-gateway', 'usersig', '--config', CONFIGURATION];

  await t.test("the unit's command, as the unit's user, carries a call", async () => {
    const gateway = await start();
    assert.match(gateway.said(), /event=listening .* webtransport=true/);
    call(t, network, usersig);
    assert.equal(await gateway.stop(), 0);
    assert.deepEqual(Object.keys(contentsOf(root, '/var/lib/ferry')).includes('./ferry.db'), true);
  });

  await t.test('a later version keeps the configuration and the data', async () => {
    setConfiguration(root, (text) => text.replace(/^max-users = .*/m, 'max-users = 123'));
    const configuration = root.read(CONFIGURATION);
    const data = contentsOf(root, '/var/lib/ferry');
    root.run(install(root.bring(laterDeb(t, `${version}.1`))));
    assert.equal(
      root.run(['dpkg-query', '-W', '-f', '${Version}', 'ferry-gateway']).stdout,
      `${version}.1`,
    );
    assert.equal(root.read(CONFIGURATION), configuration);
    assert.deepEqual(contentsOf(root, '/var/lib/ferry'), data);
    assert.match(root.read(`${CONFIGURATION}.dpkg-dist`), /max-rooms = 4000/);
    assert.equal(root.run(['stat', '-c', '%U:%G %a', CONFIGURATION]).stdout, 'root:ferry 640\n');
    const gateway = await start();
    call(t, network, usersig);
    assert.equal(await gateway.stop(), 0);
  });

  await t.test('a configuration that is no good is told of, and ends no installation', () => {
    setConfiguration(root, (text) => `prot = 1\n${text}`);
    const { stdout, stderr } = root.run(install(root.bring(laterDeb(t, `${version}.2`))));
    assert.match(stdout + stderr, /ferry-gateway is not started: .*there is no setting "prot"/);
  });

  await t.test('a purge takes all of it but the user and what others put there', () => {
    writeFileSync(root.path('/etc/ferry/chain.pem'), 'of the administrator');
    root.run(['apt-get', 'purge', '-q', '-y', 'ferry-gateway']);
    const stays = root.leftovers().filter((path) => !before.includes(path));
    assert.deepEqual(stays, ['./etc/ferry', './etc/ferry/chain.pem']);
    assert.match(root.read('/etc/passwd'), /^ferry:/m);
  });
});

test('the unit, run by systemd on a Debian 12', async (t) => {
  const network = await privateNetwork(t);
  const root = bareRoot(t, 'bookworm');
  root.run(['apt-get', 'update', '-q']);
  root.run(['apt-get', 'install', '-q', '-y', 'systemd-sysv']);
  const file = root.bring(deb());
  const booted = await root.boot(t, network);
  if (!booted)
    return t.skip('this machine gives no control group of version 2 to start a systemd in');
  const unit = 'ferry-gateway.service';
  const pid = () => booted.property(unit, 'MainPID');
  const journal = () => booted.output(['journalctl', '-q', '-o', 'cat', '-u', unit]);
  const said = async (times, what) => {
    const deadline = Date.now() + 30_000;
    while (journal().split(what).length <= times) {
      assert.ok(Date.now() < deadline, `${what}, ${times} times, in:\n${journal()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  const listening = (times) => said(times, 'event=listening');
  const usersig = ['chroot', root.folder, 'ferry-gateway', 'usersig', '--config', CONFIGURATION];

  await t.test(
    'is verified, started and enabled by the installation, and carries a call',
    async () => {
      booted.run(install(file));
      assert.equal(booted.property(unit, 'ActiveState'), 'active');
      assert.equal(booted.property(unit, 'UnitFileState'), 'enabled');
      await listening(1);
      const verified = booted.run(['systemd-analyze', 'verify', '--recursive-errors=no', unit]);
      assert.equal(verified.stderr, '');
      call(t, network, usersig);
    },
  );

  await t.test('runs as its user with one privilege', () => {
    const status = booted.output(['cat', `/proc/${pid()}/status`]);
    assert.match(status, /^CapEff:\t0000000000000400$/m);
    assert.match(status, /^CapBnd:\t0000000000000400$/m);
    assert.match(status, /^NoNewPrivs:\t1$/m);
    assert.match(status, /^Seccomp:\t2$/m);
    const ferry = /^ferry:[^:]*:(\d+):/m.exec(root.read('/etc/passwd'))[1];
    assert.match(status, new RegExp(`^Uid:\t${ferry}\t`, 'm'));
  });

  await t.test('may have a port below 1024', async () => {
    setConfiguration(root, (text) => text.replace(/^port = .*/m, 'port = 443'));
    booted.run(['systemctl', 'restart', unit]);
    await listening(2);
    assert.match(journal(), /port=443/);
    setConfiguration(root, (text) => text.replace(/^port = .*/m, 'port = 8443'));
    booted.run(['systemctl', 'restart', unit]);
    await listening(3);
  });

  await t.test('is started again after a crash', async () => {
    const crashed = pid();
    booted.run(['sh', '-c', `kill -KILL ${crashed}`]);
    await listening(4);
    assert.notEqual(pid(), crashed);
  });

  await t.test('reads a renewed certificate when told to reload', async () => {
    const renew = () => installCertificate(t, root, booted);
    const first = renew();
    setConfiguration(root, (text) =>
      text
        .replace(/^# (certificate = ).*/m, '$1"/etc/ferry/fullchain.pem"')
        .replace(/^# (private-key = ).*/m, '$1"/etc/ferry/privkey.pem"'),
    );
    booted.run(['systemctl', 'restart', unit]);
    await said(1, `event=certificate sha256=${first}`);
    await listening(5);
    const before = pid();
    const second = renew();
    booted.run(['systemctl', 'reload', unit]);
    await said(1, `event=certificate sha256=${second}`);
    assert.equal(pid(), before);
  });

  await t.test(
    'a later version takes over; with a configuration it refuses, the old one serves on',
    async () => {
      const first = pid();
      booted.run(install(root.bring(laterDeb(t, `${version}.1`))));
      await listening(6);
      const second = pid();
      assert.notEqual(second, first);
      setConfiguration(root, (text) => `prot = 1\n${text}`);
      booted.run(install(root.bring(laterDeb(t, `${version}.2`))));
      assert.equal(pid(), second);
      call(t, network, [
        'chroot',
        root.folder,
        'ferry-gateway',
        'usersig',
        '--data-dir',
        '/var/lib/ferry',
      ]);
    },
  );

  await t.test('a removal ends it', () => {
    booted.run(['apt-get', 'remove', '-q', '-y', 'ferry-gateway']);
    assert.equal(booted.property(unit, 'ActiveState'), 'inactive');
  });
});

for (const suite of ['bookworm', 'trixie']) {
  test(`the tarball on a bare ${suite}, as nobody, with nothing installed`, async (t) => {
    const network = await privateNetwork(t);
    const root = bareRoot(t, suite, suite === 'bookworm' ? 'apt' : 'essential');
    run('tar', ['-C', root.path('/opt'), '--no-same-owner', '-xzf', published(/\.tar\.gz$/)]);
    const folder = `/opt/ferry-gateway-${version}-linux-${output('uname', ['-m']).trim()}`;
    root.run(['install', '-d', '-o', 'nobody', '-m', '700', `${folder}/data`]);
    const command = ['bin/ferry-gateway', '--config', 'ferry-gateway.toml'];
    const where = { user: 'nobody:nogroup', folder, pattern: LISTENING };
    const gateway = await root.start(t, network, command, where);
    const data = ['--data-dir', `${folder}/data`];
    call(t, network, ['chroot', root.folder, `${folder}/bin/ferry-gateway`, 'usersig', ...data]);
    assert.equal(await gateway.stop(), 0);
  });
}
