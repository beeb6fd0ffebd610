import { parseArgs } from 'node:util';
import type { Work } from './work.ts';

/** One run of one work: bench/run.ts starts this as a process of its own and reads the last line. */
const WORKS: Readonly<Record<string, () => Promise<Work>>> = {
  apply: async () => (await import('./bulk.ts')).apply,
  equal: async () => (await import('./bulk.ts')).equal,
  lost: async () => (await import('./lost.ts')).lost,
  change: async () => (await import('./bulk.ts')).change,
  drift: async () => (await import('./bulk.ts')).drift,
  delete: async () => (await import('./bulk.ts')).remove,
  'delete-array': async () => (await import('./bulk.ts')).removeArray,
  fill: async () => (await import('./bulk.ts')).fill,
  json: async () => (await import('./parse.ts')).json,
  yaml: async () => (await import('./parse.ts')).yaml,
  folder: async () => (await import('./folder.ts')).folder,
  edit: async () => (await import('./edit.ts')).edit,
  start: async () => (await import('./running.ts')).start,
  cluster: async () => (await import('./cluster.ts')).load,
  'cluster-statuses': async () => (await import('./statuses.ts')).statuses,
  'cluster-change': async () => (await import('./cluster.ts')).change,
  nodes: async () => (await import('./nodes.ts')).nodes,
  idle: async () => (await import('./running.ts')).idle,
  controller: async () => (await import('./controller.ts')).controller,
};

const SIZES = 'maps entries of change edits files prefixes seconds nodes selectors'.split(' ');

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
const run = await work();
console.log(JSON.stringify(await run({ directory, bpffs }, sizes)));
