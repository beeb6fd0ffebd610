import { setTimeout as sleep } from 'node:timers/promises';
import type { Contents } from '../../../agent/support/witness.ts';
import type { SimulatedNode } from '../../nodes/node.ts';

const LOOK_AGAIN_MS = 200;

/** Of how long it takes at most where nothing else works: a busy machine starves the servers and proxies of a spec, too. */
const ON_A_BUSY_MACHINE = 3;

/** Asks until the answer is true; what goes wrong while asking is told in the end. */
export async function within(
  seconds: number,
  what: string,
  ask: () => boolean | Promise<boolean>,
): Promise<void> {
  let because = '';
  const waited = seconds * ON_A_BUSY_MACHINE;
  for (const end = performance.now() + waited * 1000; ; ) {
    try {
      if (await ask()) return;
    } catch (error) {
      because = `: ${(error as Error).message}`;
    }
    if (performance.now() > end) throw new Error(`Waited ${waited} s in vain until ${what}${because}`);
    await sleep(LOOK_AGAIN_MS);
  }
}

/** Until a kernel holds exactly this: who was cut off may come back half a minute later. */
export function holdsWithin(seconds: number, node: SimulatedNode, expected: Contents): Promise<void> {
  const wanted = sortedText(expected);
  return within(seconds, `${node.name} holds what is declared`, () => {
    const found = sortedText(node.contents('tenants'));
    if (found === wanted) return true;
    throw new Error(`it holds ${found.slice(0, 300)}`);
  });
}

function sortedText(contents: Contents): string {
  return JSON.stringify(Object.entries(contents).sort());
}
