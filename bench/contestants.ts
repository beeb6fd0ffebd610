import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { BENCH, runNode, runOurs, runProgram } from './child.ts';
import type { Sample } from './measure.ts';
import type { Other, Row } from './row.ts';

export type Contestant = 'ours' | Other;

/** Everyone whom a row measures, ours first. */
export function contestantsOf(row: Row): ReadonlyMap<Contestant, () => Promise<Sample>> {
  const { one, two, go, beside, pins = false, share = 1 } = row;
  const contestants = new Map<Contestant, () => Promise<Sample>>([['ours', () => runOurs(row.ours)]]);
  if (one !== undefined) contestants.set('one', () => runProgram(one, { pins, share }));
  if (two !== undefined) contestants.set('two', () => runProgram(two, { pins, share }));
  if (go !== undefined) contestants.set('go', () => runProgram(['cilium', ...go], { pins, share }));
  if (beside?.ours !== undefined) contestants.set('beside', () => runOurs(beside.ours!));
  if (beside?.node !== undefined) contestants.set('beside', () => runNode(beside.node!));
  return contestants;
}

/** Builds what the rows need. Answers the rows without what cannot be built here, and says what that is. */
export function prepared(rows: readonly Row[], say: (sentence: string) => void): readonly Row[] {
  make(BENCH, 'c');
  const native = join(BENCH, '..', 'native');
  return possible(rows, {
    go: rows.some(row => row.go) && isBuilt('cilium/ebpf', { folder: BENCH, target: 'go', say }),
    native:
      rows.some(row => row.native) &&
      isBuilt('What needs a busy program', { folder: native, target: 'all', say }),
  });
}

/** The rows without what is not there. */
export function possible(
  rows: readonly Row[],
  there: { readonly go: boolean; readonly native: boolean },
): readonly Row[] {
  return rows.filter(row => there.native || !row.native).map(row => (there.go ? row : withoutGo(row)));
}

interface Target {
  readonly folder: string;
  readonly target: string;
  readonly say: (sentence: string) => void;
}

function isBuilt(what: string, { folder, target, say }: Target): boolean {
  try {
    make(folder, target);
    return true;
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const reason = stderr?.toString().trim().split('\n')[0] || (error as Error).message;
    say(`${what} is left out, make -C ${folder} ${target} failed: ${reason}`);
    return false;
  }
}

function make(folder: string, target: string): void {
  execFileSync('make', ['--silent', '-C', folder, target], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** Without its targets against it as well: a line that compares with nobody says nothing. */
function withoutGo({ go: _, ...row }: Row): Row {
  const isOfGo = ({ goal }: Row['lines'][number]) => goal?.kind === 'ratio' && goal.against === 'go';
  return { ...row, lines: row.lines.filter(line => !isOfGo(line)) };
}
