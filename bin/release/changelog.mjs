// changelog.mjs TAG [FILE]: the entry of that version in CHANGELOG.md, without its heading; fails where there is none.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [tag = '', file = join(import.meta.dirname, '..', '..', 'CHANGELOG.md')] = process.argv.slice(2);
const version = tag.replace(/^v/, '');
const [, ...entries] = readFileSync(file, 'utf8').split(/^## /m);
const entry = entries.find(text => /^\[?([^\]\s]+)/.exec(text)?.[1] === version);
const body = entry?.slice(entry.indexOf('\n')).trim() ?? '';
if (version === '' || body === '') {
  console.error(
    `Cannot release ${tag}: CHANGELOG.md has no entry for it; write one under "## ${version} - DATE"`,
  );
  process.exit(1);
}
console.log(body);
