// The configurations of docs/reverse-proxies.md, which are what the tests run.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const GUIDE = readFileSync(join(import.meta.dirname, '../../../docs/reverse-proxies.md'), 'utf8');

/** The block of this language and name: ```nginx nginx-http */
export function block(language, name) {
  const found = GUIDE.split(`\n\`\`\`${language} ${name}\n`);
  assert.equal(found.length, 2, `one block of ${language} named ${name} in the guide`);
  return found[1].slice(0, found[1].indexOf('\n```') + 1);
}

/** `text` with each of the guide's own words replaced by this machine's; each has to be there. */
export function adapted(text, words) {
  return Object.entries(words).reduce((all, [from, to]) => {
    assert.ok(all.includes(from), `the guide says ${from}`);
    return all.replaceAll(from, to);
  }, text);
}
