// scripts/lib/results.mjs: what was not built is told in the totals, and never as passed.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const RESULTS = new URL('../../scripts/lib/results.mjs', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'ferry-results-'));
after(() => rmSync(folder, { recursive: true }));

function report(suite, ...cases) {
  mkdirSync(join(folder, suite), { recursive: true });
  writeFileSync(join(folder, suite, 'report.xml'), `<testsuites>${cases.join('')}</testsuites>`);
}
const close = (suite, ...args) =>
  execFileSync('node', [RESULTS, 'suite', suite, join(folder, suite), ...args]).toString();

test('programs that were not built count as skipped, and are named', () => {
  const notBuilt = join(folder, 'not-built.txt');
  writeFileSync(notBuilt, 'net h3_test\nnet quic_test\ngateway gateway_webtransport_test\n');
  report('net', '<testcase name="a"/>', '<testcase name="b"/>');
  report('core', '<testcase name="c"/>');
  const ofNet = close('net', '0', notBuilt);
  assert.match(ofNet, /net +2 passed, 0 failed, 2 skipped/);
  assert.match(ofNet, /NOT BUILT {2}h3_test quic_test/);
  close('core', '0', notBuilt);
  const { stdout, status } = spawnSync('node', [RESULTS, 'totals', folder]);
  const lines = stdout.toString().trim().split('\n');
  assert.deepEqual(lines, [
    '2 of the skipped were not built: h3_test quic_test',
    '3 passed, 0 failed, 2 skipped',
  ]);
  assert.equal(status, 0);
});
