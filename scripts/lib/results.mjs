// Counts the tests of JUnit reports, as ctest, GoogleTest, Vitest and Playwright write them.
//
//   results.mjs suite NAME FOLDER STATUS [NOT-BUILT]
//                               one suite's line, its failed tests and what each said; STATUS is its runner's exit status, and
//                               the file NOT-BUILT names by line "SUITE PROGRAM" what the build had to leave out
//   results.mjs totals FOLDER   what was not built, and the closing line over all suites: "N passed, N failed, N skipped"
//
// A program that was not built counts as one skipped test.
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

const escape = (text) =>
  text.replace(/[&<>"]/g, (sign) => Object.keys(entities).find((key) => entities[key] === sign));

/** Colours; Playwright's report leaves out their first character, which XML cannot hold. */
// eslint-disable-next-line no-control-regex
const COLOURS = /\u001b?\[\d+(;\d+)*m/g;
/** Where, in a test's output, a runner or a sanitizer begins to say what is wrong. */
const COMPLAINT =
  /: Failure$|Error\b|ERROR:|runtime error|WARNING: ThreadSanitizer|terminate called/;
const REASON_LINES = 14;

/** What a failed test said: the lines from its complaint on, or its last ones. */
function reasonOf(body) {
  const [, inFailure = ''] =
    /<(?:failure|error)\b[^>]*>([\s\S]*?)<\/(?:failure|error)>/.exec(body) ?? [];
  const [, output = ''] = /<system-out>([\s\S]*?)<\/system-out>/.exec(body) ?? [];
  const lines = unescape(inFailure.trim() || output)
    .replace(COLOURS, '')
    .split('\n')
    .filter((text) => text.trim() !== '');
  const start = lines.findIndex((text) => COMPLAINT.test(text));
  return start < 0 ? lines.slice(-REASON_LINES) : lines.slice(start, start + REASON_LINES);
}

function testsOf(xml) {
  const plain = xml.replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, (_, text) => escape(text));
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
      const reason = outcome === 'failed' ? reasonOf(body) : [];
      return {
        outcome,
        name: suite && !name.startsWith(suite) ? `${suite} ${name}` : name,
        reason,
      };
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

/** The programs of a suite that the build left out. */
function notBuilt(suite, file) {
  if (!file || !existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .map((text) => text.split(' '))
    .filter(([of]) => of === suite)
    .map(([, program]) => program);
}

const line = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`;

function closeSuite(name, folder, status, leftOut) {
  const tests = readReports(folder);
  const failures = tests.filter((test) => test.outcome === 'failed');
  const sum = {
    passed: count(tests, 'passed'),
    failed: failures.length,
    skipped: count(tests, 'skipped') + leftOut.length,
    notBuilt: leftOut,
  };
  if (sum.failed === 0 && status !== 0) {
    failures.push({ name: `the ${name} suite itself ended with status ${status}`, reason: [] });
  } else if (sum.passed + sum.failed === 0) {
    failures.push({ name: `the ${name} suite ran no test`, reason: [] });
  }
  sum.failed = failures.length;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'sum.json'), JSON.stringify(sum));
  console.log(`  ${name.padEnd(10)} ${line(sum)}`);
  if (leftOut.length > 0) console.log(`             NOT BUILT  ${leftOut.join(' ')}`);
  for (const failure of failures.slice(0, 20)) {
    console.log(`             FAILED  ${failure.name}`);
    for (const text of failure.reason) console.log(`               | ${text}`);
  }
  if (failures.length > 20) console.log(`             and ${failures.length - 20} more`);
}

function totals(folder) {
  const sums = readdirSync(folder)
    .map((suite) => join(folder, suite, 'sum.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')));
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const sum of sums) for (const key of Object.keys(total)) total[key] += sum[key];
  const leftOut = sums.flatMap((sum) => sum.notBuilt);
  if (leftOut.length > 0) {
    console.log(`${leftOut.length} of the skipped were not built: ${leftOut.join(' ')}`);
  }
  console.log(line(total));
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
}

const [command, ...args] = process.argv.slice(2);
if (command === 'suite') {
  closeSuite(args[0], args[1], Number(args[2]), notBuilt(args[0], args[3]));
} else if (command === 'totals') totals(args[0]);
else throw new Error(`results.mjs: no command '${command}': suite or totals`);
