// Counts the tests of JUnit reports, as ctest, GoogleTest, Vitest and Playwright write them.
//
//   results.mjs suite NAME FOLDER STATUS   one suite's line and its failed tests; STATUS is its runner's exit status
//   results.mjs totals FOLDER              the closing line over all suites: "N passed, N failed, N skipped"
//
// A suite that fails without a failed test in its reports (it crashed, it did not build, it ran nothing) counts as
// one failed test: otherwise a run that breaks early would look better than one that goes on.
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const entities = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&apos;': "'" };

const unescape = (text) => text.replace(/&(amp|lt|gt|quot|apos);/g, (entity) => entities[entity]);

const attribute = (tag, name) => {
  const match = new RegExp(`\\s${name}="([^"]*)"`).exec(tag);
  return match ? unescape(match[1]) : '';
};

function testsOf(xml) {
  const plain = xml.replace(/<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  return plain
    .split(/<testcase\b/)
    .slice(1)
    .map((rest) => {
      const tag = ` ${rest.slice(0, rest.indexOf('>'))}`;
      const body = rest.split('</testcase>')[0];
      const skipped =
        /<skipped\b/.test(body) ||
        ['disabled', 'notrun'].includes(attribute(tag, 'status')) ||
        attribute(tag, 'result') === 'suppressed';
      const outcome = /<(failure|error)\b/.test(body) ? 'failed' : skipped ? 'skipped' : 'passed';
      const suite = attribute(tag, 'classname');
      const name = attribute(tag, 'name');
      return { outcome, name: suite && !name.startsWith(suite) ? `${suite} ${name}` : name };
    });
}

function readReports(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.xml'))
    .sort()
    .flatMap((file) => testsOf(readFileSync(join(folder, file), 'utf8')));
}

const count = (tests, outcome) => tests.filter((test) => test.outcome === outcome).length;

const line = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;

function closeSuite(name, folder, status) {
  const tests = readReports(folder);
  const failures = tests.filter((test) => test.outcome === 'failed').map((test) => test.name);
  const sum = {
    passed: count(tests, 'passed'),
    failed: failures.length,
    skipped: count(tests, 'skipped'),
  };
  if (sum.failed === 0 && status !== 0) {
    failures.push(`the ${name} suite itself ended with status ${status}`);
  } else if (sum.passed + sum.failed === 0) {
    failures.push(`the ${name} suite ran no test`);
  }
  sum.failed = failures.length;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sum.json'), JSON.stringify(sum));
  console.log(`  ${name.padEnd(10)} ${line(sum)}`);
  for (const failure of failures.slice(0, 20)) console.log(`             FAILED  ${failure}`);
  if (failures.length > 20) console.log(`             and ${failures.length - 20} more`);
}

function totals(folder) {
  const sums = readdirSync(folder)
    .map((suite) => join(folder, suite, 'sum.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')));
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const sum of sums) for (const key of Object.keys(total)) total[key] += sum[key];
  console.log(line(total));
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

const [command, ...args] = process.argv.slice(2);
if (command === 'suite') closeSuite(args[0], args[1], Number(args[2]));
else if (command === 'totals') totals(args[0]);
else throw new Error(`results.mjs: no command '${command}': suite or totals`);
