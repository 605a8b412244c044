// What is in the files that a release publishes.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  filesBelow,
  output,
  packages,
  published,
  repository,
  run,
  temporaryFolder,
  version,
} from './support/release.mjs';

const MEGABYTE = 1_000_000;
// What a program may need of the system: glibc, and what the kernel puts there.
const GLIBC = /^(linux-vdso\.so\.1|libm\.so\.6|libc\.so\.6|ld-linux[-.\w]*\.so\.\d)$/;

function unpackTarball(t) {
  const folder = temporaryFolder(t);
  run('tar', ['-C', folder, '-xzf', published(/^ferry-gateway-.*\.tar\.gz$/)]);
  return join(folder, `ferry-gateway-${version}-linux-${output('uname', ['-m']).trim()}`);
}

function unpackDeb(t, pattern) {
  const folder = temporaryFolder(t);
  run('dpkg-deb', ['-x', published(pattern), folder]);
  return folder;
}

const deb = /^ferry-gateway_.*\.deb$/;
const field = (pattern, name) => output('dpkg-deb', ['-f', published(pattern), name]).trim();

test('every file carries the one version', () => {
  for (const pattern of [deb, /^ferry-gateway-demo_.*\.deb$/, /^ferry-gateway-dbgsym_.*\.deb$/]) {
    assert.equal(field(pattern, 'Version'), version);
  }
  assert.ok(existsSync(join(packages, `ferry-rtc-${version}.tgz`)));
  assert.match(published(/\.tar\.gz$/), new RegExp(`-${version.replaceAll('.', '\\.')}-linux-`));
});

test('SHA256SUMS tells of every file', () => {
  const sums = output('sha256sum', ['--check', 'SHA256SUMS'], { cwd: packages });
  assert.equal(sums.trim().split('\n').length, filesBelow(packages).length - 1);
});

test('the npm package has the SDK and nothing else', (t) => {
  const folder = temporaryFolder(t);
  run('tar', ['-C', folder, '-xzf', published(/^ferry-rtc-.*\.tgz$/)]);
  const root = join(folder, 'package');
  const workers = ['decode', 'encode', 'engine'].map((name) => `dist/workers/${name}.js`);
  assert.deepEqual(
    filesBelow(root),
    [
      'LICENSE',
      'README.md',
      'THIRD-PARTY-LICENCES.txt',
      'package.json',
      'dist/engine.wasm',
      'dist/index.d.ts',
      'dist/trtc.cjs',
      'dist/trtc.esm.js',
      'dist/trtc.js',
      'dist/vp8.wasm',
      'dist/vp9.wasm',
      'dist/worklets/capture.js',
      'dist/worklets/playout.js',
      ...workers,
    ].sort(),
  );
  for (const name of filesBelow(root)) {
    const content = readFileSync(join(root, name), 'latin1');
    assert.ok(content.length > 100, `${name} is empty`);
    assert.ok(!content.includes('sourceMappingURL'), `${name} names a source map`);
    assert.ok(!content.includes(repository), `${name} names ${repository}`);
    assert.ok(!content.includes(`${homedir()}/`), `${name} names ${homedir()}`);
  }
  const notices = readFileSync(join(root, 'THIRD-PARTY-LICENCES.txt'), 'utf8');
  for (const name of ['Opus', 'libvpx', 'libyuv', 'musl', 'SIMDe', 'Emscripten']) {
    assert.match(notices, new RegExp(`^${name}$`, 'm'));
  }
});

test('the npm package, installed into an empty project, imports', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'package.json'), '{ "name": "empty", "version": "1.0.0" }');
  const install = ['install', '--offline', '--no-audit', '--no-fund', published(/\.tgz$/)];
  run('npm', install, { cwd: folder });
  const node = (code, type) =>
    output(process.execPath, [`--input-type=${type}`, '--eval', code], { cwd: folder }).trim();
  assert.equal(
    node(`import T from 'ferry-rtc'; console.log(typeof T.create)`, 'module'),
    'function',
  );
  assert.equal(node(`console.log(typeof require('ferry-rtc').create)`, 'commonjs'), 'function');
  for (const name of ['engine.wasm', 'vp8.wasm', 'vp9.wasm']) {
    const code = `new WebAssembly.Module(require('fs').readFileSync(require.resolve('ferry-rtc/dist/${name}')))`;
    node(code, 'commonjs');
  }
});

test('the program needs nothing of the system but glibc', (t) => {
  const program = join(unpackTarball(t), 'bin/ferry-gateway');
  const libraries = output('ldd', [program])
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ')[0].split('/').pop());
  assert.deepEqual(
    libraries.filter((name) => !GLIBC.test(name)),
    [],
  );
});

test('the program is stripped, and its debug file tells functions and lines', (t) => {
  const program = join(unpackTarball(t), 'bin/ferry-gateway');
  const debug = published(/\.debug$/);
  const sections = output('readelf', ['-SW', program]);
  assert.doesNotMatch(sections, /\.(symtab|debug_info)\b/);
  assert.match(sections, /\.gnu_debuglink\b/);
  const size = statSync(program).size;
  assert.ok(size < 16 * MEGABYTE, `the program has ${size} bytes`);

  const id = (file) => /Build ID: ([0-9a-f]+)/.exec(output('readelf', ['-n', file]))?.[1];
  assert.ok(id(program));
  assert.equal(id(debug), id(program));
  const symbols = unpackDeb(t, /^ferry-gateway-dbgsym_/);
  const byId = `usr/lib/debug/.build-id/${id(program).slice(0, 2)}/${id(program).slice(2)}.debug`;
  assert.ok(readFileSync(join(symbols, byId)).equals(readFileSync(debug)));

  const [address] = / *([0-9a-f]+) T main$/m.exec(output('nm', [debug])).slice(1);
  assert.match(output('addr2line', ['-e', debug, address]), /gateway\/app\/main\.cc:\d+/);
});

test('the deb and the tarball have the same program', (t) => {
  const ofDeb = readFileSync(join(unpackDeb(t, deb), 'usr/bin/ferry-gateway'));
  assert.ok(ofDeb.equals(readFileSync(join(unpackTarball(t), 'bin/ferry-gateway'))));
  assert.match(
    output(join(unpackTarball(t), 'bin/ferry-gateway'), ['--version']),
    new RegExp(`^ferry-gateway ${version.replaceAll('.', '\\.')}\\n$`),
  );
});

test('the shipped configurations are good, and what is not is refused by name', (t) => {
  const folder = unpackTarball(t);
  const program = join(folder, 'bin/ferry-gateway');
  const check = (...args) => [program, ['check', '--config', ...args]];
  run(...check(join(folder, 'ferry-gateway.toml')));
  const packaged = join(unpackDeb(t, deb), 'etc/ferry/ferry-gateway.toml');
  assert.equal(output(...check(packaged)), 'the configuration is good\n');
  for (const name of ['data-dir = "/var/lib/ferry"', 'sdk-dir = "/usr/share/ferry/sdk"']) {
    assert.ok(readFileSync(packaged, 'utf8').includes(`\n${name}\n`), name);
  }
  const missing = ['--certificate', '/nowhere/chain.pem', '--private-key', '/nowhere/key.pem'];
  const refused = run(...check(packaged, ...missing), { status: 1 });
  assert.match(refused.stderr, /^ferry-gateway: .*\/nowhere\/chain\.pem/);
});

test('the deb depends on nothing but what every Debian has', () => {
  const names = field(deb, 'Depends').split(', ');
  assert.deepEqual(names.map((name) => name.split(' ')[0]).sort(), [
    'adduser',
    'init-system-helpers',
    'libc6',
  ]);
});

test('the deb belongs to root and keeps the configuration apart', (t) => {
  const listing = output('dpkg-deb', ['-c', published(deb)])
    .trim()
    .split('\n');
  const others = listing.filter((line) => !/^[-d]rw(x|-)r-[-x]r-[-x] root\/root /.test(line));
  assert.deepEqual(others, []);
  const control = temporaryFolder(t);
  run('dpkg-deb', ['-e', published(deb), control]);
  const configuration = readFileSync(join(control, 'conffiles'), 'utf8');
  assert.equal(configuration, '/etc/ferry/ferry-gateway.toml\n');
  assert.ok(existsSync(join(unpackDeb(t, deb), configuration.trim())));
});

test('the demo is a package of its own', (t) => {
  assert.deepEqual(filesBelow(join(unpackDeb(t, deb), 'usr/share/ferry/demo')), []);
  const demo = filesBelow(join(unpackDeb(t, /^ferry-gateway-demo_/), 'usr/share/ferry/demo'));
  assert.ok(demo.includes('index.html') && demo.includes('example.html'), demo.join(' '));
});

test('the copyright file has the licence of all that is inside', (t) => {
  const text = readFileSync(
    join(unpackDeb(t, deb), 'usr/share/doc/ferry-gateway/copyright'),
    'utf8',
  );
  const listed = readFileSync(join(repository, 'packaging/licences.txt'), 'utf8')
    .split('\n')
    .filter((line) => line && !line.startsWith('#'))
    .map((line) => line.split(/ {2,}/)[1]);
  for (const name of listed) assert.ok(text.includes(`\n${name}\n====`), `no licence of ${name}`);
  assert.match(text, /Apache License/);
});

test('the unit is one that systemd takes, and lets the program do little', (t) => {
  const root = unpackDeb(t, deb);
  const packaged = join(root, 'lib/systemd/system/ferry-gateway.service');
  const text = readFileSync(packaged, 'utf8');
  // Where the program is now; systemd looks whether it is there.
  const unit = join(temporaryFolder(t), 'ferry-gateway.service');
  writeFileSync(unit, text.replace('=/usr/bin/ferry-gateway', `=${root}/usr/bin/ferry-gateway`));
  assert.equal(run('systemd-analyze', ['verify', '--recursive-errors=no', unit]).stderr, '');
  // Tenths; 100 is a program that may do everything.
  run('systemd-analyze', ['security', '--offline=true', '--threshold=20', unit]);
  const descriptors = Number(/^LimitNOFILE=(\d+)$/m.exec(text)[1]);
  assert.ok(descriptors > 1_000_000, 'max-connections may be a million');
});
