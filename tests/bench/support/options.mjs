// The command line of a benchmark, and where its figures go.
import { writeFileSync } from 'node:fs';
import process from 'node:process';
import { parseArgs } from 'node:util';

/** A number, or some in a row. */
const NUMBERS = /^\d+(\.\d+)?(,\d+(\.\d+)?)*$/;

/**
 * The options given, each with the default that it has in `defaults`: a text, `false` of a flag, or undefined. Where the
 * default is a number, or several, the option wants as much. Every benchmark takes `--json FILE`, and `--help`, at which
 * `help` is printed and the program ends.
 */
export function readOptions(help, defaults) {
  const options = { json: { type: 'string' }, help: { type: 'boolean' } };
  for (const [name, value] of Object.entries(defaults)) {
    if (value === false) options[name] = { type: 'boolean', default: false };
    else options[name] = { type: 'string', ...(value !== undefined && { default: value }) };
  }
  const values = parse(options);
  if (values.help) {
    process.stdout.write(help);
    process.exit(0);
  }
  for (const [name, value] of Object.entries(defaults)) {
    if (!NUMBERS.test(value) || NUMBERS.test(values[name])) continue;
    refuse(`--${name} is '${values[name]}', and wants numbers as in ${value}`);
  }
  return values;
}

function parse(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return refuse(error.message);
  }
}

function refuse(why) {
  process.stderr.write(`${why} (--help lists the options)\n`);
  process.exit(1);
}

/** Writes the figures where `--json` says, if it does. */
export function writeJson({ json }, result) {
  if (json) writeFileSync(json, `${JSON.stringify(result, null, 2)}\n`);
}
