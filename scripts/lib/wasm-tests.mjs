// Runs the tests of the WebAssembly build in Node, one process each, with JUnit reports: the core's GoogleTest
// programs, and tests of the modules written for Node's own runner.
//
//   wasm-tests.mjs BUILD_FOLDER REPORT_FOLDER [FILTER]
//
// They are what the build registered with CTest. They are run here and not by ctest because ctest would count a whole
// program as one test, and because Emscripten hands no environment variable to a program, only arguments.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

const TIMEOUT_MS = 600_000;
const MAX_OUTPUT = 1 << 26;
const [build, reports, filter] = process.argv.slice(2);

function registeredTests() {
  const listing = execFileSync('ctest', ['--test-dir', build, '--show-only=json-v1'], {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
  });
  return JSON.parse(listing).tests.filter((test) => test.command);
}

/** What follows the name of the Node that the build would have used: this Node runs it. */
function argumentsOf({ command }, report) {
  const args = command.slice(
    command.findIndex((part) => part === '--test' || /\.[cm]?js$/.test(part)),
  );
  if (args[0] === '--test') {
    const narrow = filter ? [`--test-name-pattern=${filter}`] : [];
    const reporters = ['--test-reporter=spec', '--test-reporter-destination=stdout'];
    reporters.push('--test-reporter=junit', `--test-reporter-destination=${report}`);
    return [...reporters, ...narrow, ...args];
  }
  const narrow = filter ? [`--gtest_filter=*${filter}*`] : [];
  return [...args, `--gtest_output=xml:${report}`, '--gtest_brief=1', ...narrow];
}

function environmentOf({ properties }) {
  const assignments = properties.find(({ name }) => name === 'ENVIRONMENT')?.value ?? [];
  return Object.fromEntries(
    assignments.map((text) => [
      text.slice(0, text.indexOf('=')),
      text.slice(text.indexOf('=') + 1),
    ]),
  );
}

/** One test's outcome and output; the command line stands before the output. */
function run(test) {
  const report = resolve(reports, `${test.name}.xml`);
  const args = argumentsOf(test, report);
  const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT,
    timeout: TIMEOUT_MS,
    env: { ...process.env, ...environmentOf(test) },
  });
  const ended = `ended with ${status ?? signal}`;
  if (!existsSync(report)) {
    writeFileSync(
      report,
      `<testsuites><testcase name="${test.name}"><failure message="${ended} and no report"/></testcase></testsuites>`,
    );
  }
  const output = `${test.name}: node ${args.join(' ')}\n${stdout}${stderr}${test.name}: ${ended}\n`;
  return { passed: status === 0, output };
}

mkdirSync(reports, { recursive: true });
const outcomes = registeredTests().map(run);
if (outcomes.length === 0) console.error(`no test in ${build}`);
// The failed ones last: the end of a log is what is looked at first.
const ordered = [...outcomes].sort((a, b) => Number(b.passed) - Number(a.passed));
for (const { output } of ordered) console.log(output);
process.exit(outcomes.length > 0 && outcomes.every(({ passed }) => passed) ? 0 : 1);
