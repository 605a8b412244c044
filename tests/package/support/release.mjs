// What ./dev package made, and the ways to look into it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

export const repository = resolve(import.meta.dirname, '../../..');
export const packages = process.env.FERRY_PACKAGES ?? join(repository, 'build/package');
export const client = join(repository, 'build/release/client/ferry-cli');
export const version = /^project\(ferry VERSION ([0-9.]+)/m.exec(
  readFileSync(join(repository, 'CMakeLists.txt'), 'utf8'),
)[1];

/** The published file of which the name matches, which has to be one. */
export function published(pattern) {
  const found = readdirSync(packages).filter((name) => pattern.test(name));
  assert.equal(found.length, 1, `${pattern} in ${packages}: ${found.join(' ') || 'none'}`);
  return join(packages, found[0]);
}

/** Runs a program to its end; returns what it printed, and throws with all of it when it fails. */
export function run(program, args = [], options = {}) {
  const { status = 0, ...rest } = options;
  const ended = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...rest });
  const said = `${program} ${args.join(' ')}\n${ended.stdout}${ended.stderr}${ended.error ?? ''}`;
  assert.equal(ended.status, status, said);
  return ended;
}
export const output = (program, args, options) => run(program, args, options).stdout;

/** A folder that goes with the test. */
export function temporaryFolder(t) {
  const folder = mkdtempSync(join(tmpdir(), 'ferry-package-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Every file below a folder, by its path from there. */
export function filesBelow(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
}
