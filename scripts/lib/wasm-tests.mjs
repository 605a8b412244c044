// Runs the GoogleTest programs of the WebAssembly build in Node, one process each, with JUnit reports.
//
//   wasm-tests.mjs BUILD_FOLDER REPORT_FOLDER [FILTER]
//
// The programs are those that the build registered with CTest. They are run here and not by ctest because ctest would count a whole
// program as one test, and because Emscripten hands no environment variable to a program, only arguments.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [build, reports, filter] = process.argv.slice(2);
mkdirSync(reports, { recursive: true });

const listed = JSON.parse(
  execFileSync('ctest', ['--test-dir', build, '--show-only=json-v1'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  }),
);
const programs = listed.tests
  .filter((test) => test.command)
  .map((test) => ({
    name: test.name,
    command: test.command.slice(test.command.findIndex((part) => /\.[cm]?js$/.test(part))),
  }));
if (programs.length === 0) {
  console.error(`no test program in ${build}`);
  process.exit(1);
}

const escape = (text) => text.replace(/[<>&"]/g, (char) => `&#${char.charCodeAt(0)};`);
let failed = 0;
for (const { name, command } of programs) {
  const report = resolve(reports, `${name}.xml`);
  const args = [...command, `--gtest_output=xml:${report}`, '--gtest_brief=1'];
  if (filter) args.push(`--gtest_filter=*${filter}*`);
  console.log(`${name}: node ${args.join(' ')}`);
  const run = spawnSync(process.execPath, args, { stdio: 'inherit', timeout: 600_000 });
  if (run.status === 0 && existsSync(report)) continue;
  failed += 1;
  console.log(`${name}: status ${run.status ?? run.signal}`);
  if (existsSync(report)) continue;
  const what = `ended with ${run.status ?? run.signal} and no report`;
  writeFileSync(
    join(reports, `${name}.xml`),
    `<testsuites><testcase name="${escape(name)}"><failure message="${what}"/></testcase></testsuites>`,
  );
}
process.exit(failed === 0 ? 0 : 1);
