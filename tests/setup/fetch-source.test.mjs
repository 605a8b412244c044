// scripts/fetch-source against a local server that plays the author's page and a Debian mirror, as they are when all is well and
// as they were found: the pinned release gone, an index ahead of its pool, a download that stands still, other bytes.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import {
  STALLED,
  sha256,
  signingKey,
  sourceArchive,
  startArchive,
} from './support/debian-archive.mjs';

const ROOT = join(import.meta.dirname, '../..');
const commandExists = (name) => {
  try {
    execFileSync('sh', ['-c', `command -v ${name}`]);
    return true;
  } catch {
    return false;
  }
};
const NO_APT = commandExists('apt-get') ? false : 'no apt here, which reads the indexes';

const folder = mkdtempSync(join(tmpdir(), 'ferry-setup-'));
const archives = Object.fromEntries(
  ['1.0.0', '1.0.1', '1.0.2', '1.1.0', '2.0.0'].map((version) => [
    version,
    sourceArchive('thing', version),
  ]),
);
const PIN = '1.0.1';
const UPSTREAM = '/author/thing-1.0.1.tar.xz';
const poolPath = (version) => `/debian/pool/main/t/thing/thing_${version}.orig.tar.xz`;
const inPool = (...versions) =>
  Object.fromEntries(versions.map((version) => [poolPath(version), archives[version]]));
const packageOf = (version, more = {}) => ({
  name: 'thing',
  version,
  file: `thing_${version}.orig.tar.xz`,
  sum: sha256(archives[version] ?? version),
  size: archives[version]?.length,
  ...more,
});

let archive;
let key;
let otherKey;
let environment;
let caches = 0;

function stanza(name, { version = PIN, sum = sha256(archives[PIN]) } = {}) {
  return [
    `Name: ${name}`,
    `Version: ${version}`,
    'Accept: 1.0..1.1 1.1..2',
    `Upstream: ${archive.origin}/author/${name}-${version}.tar.xz`,
    `Upstream-SHA256: ${sum}`,
    `Debian: ${name}`,
    `Debian-File: ${name}_${version}.orig.tar.xz`,
    `Debian-SHA256: ${sum}`,
    '',
    '',
  ].join('\n');
}

function run(program, args, more = {}) {
  return new Promise((resolve) => {
    const env = { ...process.env, ...environment, ...more };
    execFile(program, args, { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ status: error ? error.code : 0, stdout: stdout.trim(), stderr }),
    );
  });
}
const fetchSource = (args = ['thing'], more = {}) =>
  run(join(ROOT, 'scripts/fetch-source'), args, more);
const sources = () => join(environment.FERRY_CACHE, 'sources');

async function expectRelease(version, more = {}) {
  const { status, stdout, stderr } = await fetchSource(['thing'], more);
  assert.equal(status, 0, stderr);
  assert.equal(
    stdout,
    join(sources(), `thing-${version}-${sha256(archives[version]).slice(0, 8)}`),
  );
  assert.equal(readFileSync(join(stdout, 'RELEASE'), 'utf8'), `thing ${version}\n`);
  return stderr;
}
async function expectNothing(pattern, more = {}) {
  const { status, stdout, stderr } = await fetchSource(['thing'], more);
  assert.notEqual(status, 0);
  assert.equal(stdout, '');
  assert.match(stderr, pattern);
  assert.deepEqual(
    readdirSync(sources()).filter((name) => !name.startsWith('.')),
    [],
    'what is left in the cache',
  );
  return stderr;
}

before(async () => {
  archive = await startArchive();
  key = signingKey(join(folder, 'key'));
  otherKey = signingKey(join(folder, 'other-key'));
  writeFileSync(join(folder, 'apt.conf'), 'Acquire::http::Proxy::127.0.0.1 "DIRECT";\n');
  writeFileSync(join(folder, 'sources.lock'), stanza('thing'));
});
after(() => {
  archive.close();
  key.close();
  otherKey.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  archive.asked();
  environment = {
    APT_CONFIG: join(folder, 'apt.conf'),
    no_proxy: '127.0.0.1',
    FERRY_CACHE: join(folder, `cache-${++caches}`),
    FERRY_SOURCES_LOCK: join(folder, 'sources.lock'),
    FERRY_DEBIAN_MIRROR: `${archive.origin}/debian`,
    FERRY_DEBIAN_KEYRING: key.keyring,
    FERRY_PINNED_ONLY: '',
    FERRY_STALL_SECONDS: '1',
  };
});

describe('the pinned release', () => {
  test('comes from its author, and the second time from the cache', async () => {
    archive.serve({ [UPSTREAM]: archives[PIN] }, inPool(PIN));
    await expectRelease(PIN);
    assert.deepEqual(archive.asked(), [UPSTREAM]);
    await expectRelease(PIN);
    assert.deepEqual(archive.asked(), []);
  });

  test('comes from the pool of a mirror whose index has moved on', async () => {
    archive.serve(inPool(PIN), archive.suiteFiles('unstable', [packageOf('1.0.2')], key));
    await expectRelease(PIN);
    assert.deepEqual(archive.asked(), [UPSTREAM, poolPath(PIN)]);
  });

  test('comes from the pool when the author’s download stands still', async () => {
    archive.serve({ [UPSTREAM]: STALLED }, inPool(PIN));
    await expectRelease(PIN);
  });

  test('is not what has another sum', async () => {
    archive.serve({ [UPSTREAM]: archives['1.0.0'] }, inPool(PIN));
    const said = await expectRelease(PIN);
    assert.match(said, new RegExp(`has sha256 ${sha256(archives['1.0.0'])}, not`));
  });

  test('is unpacked anew from a whole archive after a damaged one', async () => {
    archive.serve({ [UPSTREAM]: archives[PIN] });
    const { stdout } = await fetchSource(['--sum', 'thing']);
    assert.equal(stdout, `${PIN} ${sha256(archives[PIN])}`);
    writeFileSync(join(sources(), sha256(archives[PIN])), 'damage');
    await expectRelease(PIN);
    assert.deepEqual(archive.asked(), [UPSTREAM, UPSTREAM]);
  });
});

describe('the archives that are asked', () => {
  /** The output of a function of scripts/debian-source.sh, which finds programs in `path` alone. */
  const ask = (name, path) =>
    execFileSync('bash', ['-c', `source "$0"; ${name}`, join(ROOT, 'scripts/debian-source.sh')], {
      encoding: 'utf8',
      env: { PATH: path },
    });

  test(
    'end with Debian’s own, as the mmdebstrap of this machine has it',
    { skip: commandExists('mmdebstrap') ? false : 'no mmdebstrap here' },
    () => {
      assert.match(ask('debian_mirrors', process.env.PATH), /^https?:\/\/[^/\s]+\/debian\/?\n$/m);
      assert.match(ask('debian_address', process.env.PATH), /^https?:\/\/[^/\s]+\/debian\/?\n$/);
    },
  );

  test('may be none', () => {
    const bare = join(folder, 'bin');
    mkdirSync(bare);
    for (const program of ['bash', 'awk', 'sed', 'head', 'grep', 'sort', 'cat']) {
      symlinkSync(
        execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim(),
        join(bare, program),
      );
    }
    assert.equal(ask('debian_mirrors', bare), '');
  });
});

describe('where nobody has the pinned release', { skip: NO_APT }, () => {
  test('the newest of the preferred range stands in, is said and recorded', async () => {
    const offered = ['1.0.0', '1.0.2', '1.1.0', '2.0.0'];
    archive.serve(
      inPool(...offered),
      archive.suiteFiles(
        'unstable',
        offered.map((v) => packageOf(v)),
        key,
      ),
    );
    const said = await expectRelease('1.0.2');
    const sum = sha256(archives['1.0.2']);
    assert.match(said, new RegExp(`1\\.0\\.2 \\(sha256 ${sum}\\) stands in for ${PIN}`));
    const record = readdirSync(sources()).find((name) => name.endsWith('.taken'));
    assert.equal(readFileSync(join(sources(), record), 'utf8'), `1.0.2 ${sum}\n`);

    archive.asked();
    archive.serve({ [UPSTREAM]: archives[PIN] });
    await expectRelease('1.0.2');
    assert.deepEqual(archive.asked(), [], 'what the second build asked for');
  });

  test('the next range is taken when the preferred one has none', async () => {
    const offered = ['1.1.0', '2.0.0'];
    archive.serve(
      inPool(...offered),
      archive.suiteFiles(
        'stable',
        offered.map((v) => packageOf(v)),
        key,
      ),
    );
    await expectRelease('1.1.0');
  });

  test('an index ahead of its pool costs one 404', async () => {
    archive.serve(
      inPool('1.0.0'),
      archive.suiteFiles('unstable', [packageOf('1.0.2')], key),
      archive.suiteFiles('stable', [packageOf('1.0.0')], key),
    );
    await expectRelease('1.0.0');
    assert.ok(archive.asked().includes(poolPath('1.0.2')));
  });

  test('a pool file with other bytes than the index says is passed over', async () => {
    archive.serve(
      { ...inPool('1.0.0'), [poolPath('1.0.2')]: archives['1.1.0'] },
      archive.suiteFiles('unstable', [packageOf('1.0.2'), packageOf('1.0.0')], key),
    );
    await expectRelease('1.0.0');
  });

  test('a pool file that stands still is passed over', async () => {
    archive.serve(
      { ...inPool('1.0.0'), [poolPath('1.0.2')]: STALLED },
      archive.suiteFiles('unstable', [packageOf('1.0.2'), packageOf('1.0.0')], key),
    );
    await expectRelease('1.0.0');
  });

  test('an index past its date is taken all the same', async () => {
    const suite = archive.suiteFiles('unstable', [packageOf('1.0.2')], key, { expired: true });
    archive.serve(inPool('1.0.2'), suite);
    const said = await expectRelease('1.0.2');
    assert.match(said, /past its date/);
  });

  test('an index that another key signed counts for nothing', async () => {
    archive.serve(inPool('1.0.2'), archive.suiteFiles('unstable', [packageOf('1.0.2')], otherKey));
    await expectNothing(/neither thing 1\.0\.1 nor another accepted release/);
  });

  test('what is no plain release, or in no accepted range, does not stand in', async () => {
    const others = ['1.0.2~rc1', '1.0.2+dfsg', '2.0.0'];
    const files = Object.fromEntries(others.map((v) => [poolPath(v), archives['1.0.2']]));
    const sum = sha256(archives['1.0.2']);
    const suite = archive.suiteFiles(
      'unstable',
      others.map((v) => packageOf(v, { sum })),
      key,
    );
    archive.serve(files, suite);
    await expectNothing(/neither thing 1\.0\.1 nor another accepted release/);
  });

  test('FERRY_PINNED_ONLY takes no other, recorded or not', async () => {
    archive.serve(inPool('1.0.2'), archive.suiteFiles('unstable', [packageOf('1.0.2')], key));
    await expectNothing(/FERRY_PINNED_ONLY/, { FERRY_PINNED_ONLY: '1' });
    assert.deepEqual(archive.asked(), [UPSTREAM, poolPath(PIN)]);
    await expectRelease('1.0.2');
    const { status, stdout } = await fetchSource(['thing'], { FERRY_PINNED_ONLY: '1' });
    assert.notEqual(status, 0);
    assert.equal(stdout, '');
  });
});

describe('the QUIC libraries', () => {
  const libraries = ['openssl', 'nghttp3', 'ngtcp2'];
  const quicLock = () => {
    environment.FERRY_SOURCES_LOCK = join(folder, 'quic.lock');
    const lock = libraries.map((name) => stanza(name, { sum: sha256(authors[pathOf(name)]) }));
    writeFileSync(environment.FERRY_SOURCES_LOCK, lock.join(''));
  };
  const pathOf = (name) => `/author/${name}-${PIN}.tar.xz`;
  const authors = Object.fromEntries(
    libraries.map((name) => [pathOf(name), sourceArchive(name, PIN)]),
  );
  const prefix = () => run(join(ROOT, 'third_party/build-quic'), ['prefix']);
  const configure = (...args) => {
    // The distribution's own must not be found.
    const hidden = { PKG_CONFIG_LIBDIR: folder, PKG_CONFIG_PATH: folder };
    const build = join(environment.FERRY_CACHE, 'build');
    return run('cmake', ['-S', join(import.meta.dirname, 'quic'), '-B', build, ...args], hidden);
  };
  const reduced = () => join(environment.FERRY_CACHE, 'build/reduced.txt');

  test('lie in a folder named by what the sources really are', { skip: NO_APT }, async () => {
    quicLock();
    archive.serve(authors);
    const pinned = await prefix();
    assert.equal(pinned.status, 0, pinned.stderr);
    assert.equal((await prefix()).stdout, pinned.stdout);

    environment.FERRY_CACHE += '-other';
    const pool = { '/debian/pool/main/n/ngtcp2/ngtcp2_1.0.2.orig.tar.xz': archives['1.0.2'] };
    const others = { ...authors, [pathOf('ngtcp2')]: undefined };
    const offered = { ...packageOf('1.0.2'), name: 'ngtcp2', file: 'ngtcp2_1.0.2.orig.tar.xz' };
    archive.serve(others, pool, archive.suiteFiles('unstable', [offered], key));
    const substituted = await prefix();
    assert.equal(substituted.status, 0, substituted.stderr);
    const name = (path) => path.slice(path.lastIndexOf('/'));
    assert.notEqual(name(substituted.stdout), name(pinned.stdout));
  });

  test('are left out with a warning where a source can be had nowhere, until it can', async () => {
    quicLock();
    archive.serve({});
    const without = await configure();
    assert.equal(without.status, 0, without.stderr);
    assert.match(without.stdout, /WITH_WEBTRANSPORT=OFF/);
    assert.match(without.stderr, /Building without WebTransport: the sources/);
    assert.match(readFileSync(reduced(), 'utf8'), /^built without WebTransport: the sources/);

    archive.serve(authors);
    const again = await configure();
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /WITH_WEBTRANSPORT=ON/);
    assert.ok(!existsSync(reduced()));
  });

  test('are not left out where they are insisted on', async () => {
    quicLock();
    archive.serve({});
    const { status, stderr } = await configure('-DQUIC_PROVIDER=bundled');
    assert.notEqual(status, 0);
    assert.match(stderr, /QUIC_PROVIDER=bundled, but the sources/);
  });
});
