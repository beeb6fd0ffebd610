import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../../operator/testing/root.ts';
import type { Mutant } from './mutant.ts';

const TABLES = join(import.meta.dirname, 'table');

/** The mutants of all files below table/, in the files' order. */
export async function allMutants(): Promise<readonly Mutant[]> {
  const files = readdirSync(TABLES, { encoding: 'utf8', recursive: true }).filter(file =>
    file.endsWith('.js'),
  );
  const tables = await Promise.all(files.toSorted().map(async file => import(join(TABLES, file))));
  return tables.flatMap(table => Object.values(table)).flat() as readonly Mutant[];
}

/** The text of the mutant's file with its slip in it. Throws where `from` is not there, or not only once. */
export function mutated({ file, from, to }: Mutant): string {
  const [before, after, ...more] = readFileSync(join(ROOT, file), 'utf8').split(from);
  if (after === undefined) throw new Error(`${file} has no such text: ${from}`);
  if (more.length > 0) throw new Error(`${file} has this text ${more.length + 1} times: ${from}`);
  return before + to + after;
}
