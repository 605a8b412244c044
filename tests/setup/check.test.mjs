// ./dev check: every part is run, whatever became of those before, and one that fails fails the whole. The jobs behind the
// parts are played.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const ROOT = new URL('../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'ferry-check-'));
after(() => rmSync(folder, { recursive: true }));

mkdirSync(join(folder, 'scripts/jobs'), { recursive: true });
for (const name of ['dev', 'scripts/lib', 'scripts/jobs/check.sh']) {
  cpSync(join(ROOT, name), join(folder, name), { recursive: true });
}
const play = (job, status = 0) =>
  writeFileSync(
    join(folder, `scripts/jobs/${job}.sh`),
    `echo "played ${job} $*"\nexit ${status}\n`,
  );
for (const job of ['lint', 'fuzz', 'bench', 'soak', 'test']) play(job);

function check(...parts) {
  const { stdout, stderr, status } = spawnSync(join(folder, 'dev'), ['check', ...parts]);
  const lines = stdout.toString().trim().split('\n');
  return {
    played: lines.filter((line) => line.startsWith('played')),
    totals: lines.at(-1),
    stderr: stderr.toString(),
    status,
  };
}

test('runs every part, each for a bounded time', () => {
  const { played, totals, status } = check();
  assert.deepEqual(played, [
    'played lint ',
    'played fuzz 20',
    'played bench sfu --quick --no-scaling',
    'played soak --minutes 3',
    'played test package',
    'played test tsan',
  ]);
  assert.equal(totals, '6 passed, 0 failed');
  assert.equal(status, 0);
});

test('goes on after a part that fails, and fails', () => {
  play('fuzz', 3);
  const { played, totals, status } = check();
  play('fuzz');
  assert.equal(played.length, 6);
  assert.equal(totals, '5 passed, 1 failed');
  assert.equal(status, 1);
});

test('runs the parts that are named, and refuses others before any', () => {
  assert.deepEqual(check('tsan', 'lint').played, ['played test tsan', 'played lint ']);
  const refused = check('lint', 'nothing');
  assert.deepEqual(refused.played, []);
  assert.match(refused.stderr, /no part 'nothing': lint fuzz bench soak package tsan/);
  assert.equal(refused.status, 1);
});
