import { parseArgs } from 'node:util';
import * as bulk from './bulk.ts';
import { edit } from './edit.ts';
import { folder } from './folder.ts';
import { json, yaml } from './parse.ts';
import { idle, start } from './running.ts';
import type { Work } from './work.ts';

/** One run of one work: bench/run.ts starts this as a process of its own and reads the last line. */
const WORKS: Readonly<Record<string, Work>> = {
  apply: bulk.apply,
  change: bulk.change,
  drift: bulk.drift,
  delete: bulk.remove,
  'delete-array': bulk.removeArray,
  fill: bulk.fill,
  json,
  yaml,
  folder,
  edit,
  start,
  idle,
};

const SIZES = ['maps', 'entries', 'of', 'change', 'edits', 'files', 'prefixes', 'seconds'] as const;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    bpffs: { type: 'string' },
    directory: { type: 'string' },
    ...(Object.fromEntries(SIZES.map(name => [name, { type: 'string' }])) as Record<
      string,
      { type: 'string' }
    >),
  },
});
const work = WORKS[positionals[0] ?? ''];
const { bpffs, directory } = values as Record<string, string | undefined>;
if (work === undefined || bpffs === undefined || directory === undefined) {
  throw new Error(
    `Cannot run ${positionals[0] ?? 'nothing'}: ${Object.keys(WORKS).join(', ')}, with --bpffs and --directory`,
  );
}
const given = SIZES.filter(name => name in values);
const sizes = Object.fromEntries(given.map(name => [name, Number((values as Record<string, string>)[name])]));
console.log(JSON.stringify(await work({ directory, bpffs }, sizes)));
