// A Debian archive and an author's download page on one local server: folders of files, with the ways of going wrong that
// real ones have.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** A source as an author packs it: one folder, in it a file that says which release it is. */
export function sourceArchive(name, version) {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-source-'));
  try {
    mkdirSync(join(folder, `${name}-${version}`));
    writeFileSync(join(folder, `${name}-${version}`, 'RELEASE'), `${name} ${version}\n`);
    return execFileSync('tar', ['-cJ', '-C', folder, `${name}-${version}`]);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A key to sign an archive's indexes with, and the keyring that knows it, in `folder`. */
export function signingKey(folder) {
  mkdirSync(folder, { mode: 0o700 });
  const gpg = (args, input) =>
    execFileSync('gpg', ['--homedir', folder, '--batch', '--quiet', '--yes', ...args], { input });
  const user = 'Archive of the tests <archive@localhost>';
  gpg(['--passphrase', '', '--quick-generate-key', user, 'ed25519', 'sign', 'never']);
  const keyring = join(folder, 'keyring.gpg');
  gpg(['--output', keyring, '--export', user]);
  return {
    keyring,
    clearSign: (text) => gpg(['--clearsign', '--output', '-'], text),
    // gpg leaves an agent behind that watches the folder.
    close: () => execFileSync('gpgconf', ['--homedir', folder, '--kill', 'all']),
  };
}

const DAY_MS = 86_400_000;

/** What a suite of an archive consists of: a signed InRelease and the index of its source packages. */
function suiteFiles(suite, packages, key, { expired = false } = {}) {
  const index = packages
    .map(({ name, version, file, sum, size = 1 }) =>
      [
        `Package: ${name}`,
        `Version: ${version}-1`,
        'Format: 3.0 (quilt)',
        `Checksums-Sha256:`,
        ` ${sha256(version)} 1 ${name}_${version}-1.dsc`,
        ` ${sum} ${size} ${file}`,
        ` ${sha256(file)} 1 ${file}.asc`,
        `Directory: pool/main/${name[0]}/${name}`,
        '',
        '',
      ].join('\n'),
    )
    .join('');
  const date = (offsetMs) => new Date(Date.now() + offsetMs).toUTCString();
  const release = [
    'Origin: Debian',
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${date(-60 * DAY_MS)}`,
    `Valid-Until: ${date(expired ? -DAY_MS : DAY_MS)}`,
    'Architectures: all',
    'Components: main',
    'SHA256:',
    ` ${sha256(index)} ${Buffer.byteLength(index)} main/source/Sources`,
    '',
  ].join('\n');
  return {
    [`/debian/dists/${suite}/InRelease`]: key.clearSign(release),
    [`/debian/dists/${suite}/main/source/Sources`]: Buffer.from(index),
  };
}

/** Says that a path is served by its beginning alone, and then by nothing more. */
export const STALLED = Symbol('stalled');

export async function startArchive() {
  let files = {};
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    const body = files[request.url];
    if (body === undefined) return response.writeHead(404).end();
    if (body !== STALLED) return response.end(body);
    response.writeHead(200, { 'Content-Length': 1_000_000 });
    return response.write('the beginning');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    /** The paths that were asked for since the last call. */
    asked: () => requests.splice(0),
    /** From now on these files and no others. */
    serve: (...sets) => {
      files = Object.assign({}, ...sets);
    },
    suiteFiles,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
