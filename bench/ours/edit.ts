import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../measure.ts';
import { OUTER_NAME } from './declared.ts';
import { innerText, outerText, replaceFile, tableText } from './folders.ts';
import { openOuter } from './outerfd.ts';
import { startAgent } from './process.ts';
import type { Places, Work } from './work.ts';

const SHAPE = { maps: 100, entries: 10 };
const LONGEST_WAIT_MS = 5_000;
/** Versions of one inner map stay below it, so that no two inner maps have equal contents. */
const VALUES_OF_A_MAP = 1_000_000;

/**
 * Edits one file after the other below a running agent and watches the outer map as a program would:
 * from the rename of the file to the first look that finds another inner map.
 */
export const edit: Work = async ({ directory, bpffs }: Places, { edits = 200 }) => {
  const manifests = join(directory, 'manifests');
  mkdirSync(manifests);
  replaceFile(join(manifests, '0-outer.yaml'), outerText(SHAPE));
  for (let key = 0; key < SHAPE.maps; key++) replaceFile(fileOf(manifests, key), textOf(key, 0));
  const agent = await startAgent(manifests, bpffs, join(directory, 'status.json'));
  try {
    const outer = openOuter(join(bpffs, OUTER_NAME));
    const milliseconds: number[] = [];
    for (let number = 1; number <= edits; number++) {
      // Neither always inside a grace period nor always outside of one.
      await sleep(15 + (number % 7) * 5);
      const key = number % SHAPE.maps;
      milliseconds.push(
        visibleAfter(outer, key, () => replaceFile(fileOf(manifests, key), textOf(key, number))),
      );
    }
    milliseconds.sort((one, other) => one - other);
    const [p50Ms, p99Ms] = [quantile(milliseconds, 0.5), quantile(milliseconds, 0.99)];
    return { seconds: p50Ms / 1000, p50Ms, p99Ms, worstMs: milliseconds.at(-1)! };
  } finally {
    await agent.stop();
  }
};

function fileOf(manifests: string, key: number): string {
  return join(manifests, `map-${key}.yaml`);
}

function textOf(key: number, version: number): string {
  return innerText(key, tableText(SHAPE.entries, key * VALUES_OF_A_MAP + version));
}

/** Looks without rest: a timer would cost more than what is measured. */
function visibleAfter(outer: (key: number) => number, key: number, change: () => void): number {
  const before = outer(key);
  const start = performance.now();
  change();
  for (;;) {
    const now = performance.now();
    if (outer(key) !== before) return now - start;
    if (now - start > LONGEST_WAIT_MS)
      throw new Error(`Cannot see the edit of key ${key} after ${LONGEST_WAIT_MS} ms`);
  }
}
