import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { generateManifests } from '../manifests.ts';
import { innermap, startAgent, statusMB } from './process.ts';
import type { Work } from './work.ts';

/** Prefixes of the largest inner map: feeds differ in size by orders of magnitude. */
const LARGEST = 75_000;
/** After the first turn the worker ends and its memory goes back. */
const SETTLING_MS = 3_000;

/** A big folder through the commands, as its owner works with it; each in a process of its own. */
export const folder: Work = async ({ directory, bpffs }, { files = 250, prefixes = 560_000 }) => {
  const manifests = join(directory, 'manifests');
  generateManifests(manifests, { files, entries: prefixes, largest: LARGEST });
  const validated = await expectExit(0, 'validate', manifests);
  const planned = await expectExit(1, 'plan', manifests, '--bpffs', bpffs);
  const agent = await startAgent(manifests, bpffs, join(directory, 'status.json'));
  try {
    await sleep(SETTLING_MS);
    const rssMB = statusMB(agent.pid, 'VmRSS');
    const peakMB = statusMB(agent.pid, 'VmHWM');
    await agent.stop();
    const again = await expectExit(0, 'plan', manifests, '--bpffs', bpffs);
    const apply = agent.secondsToFirstTurn;
    return {
      seconds: apply,
      validate: validated.seconds,
      plan: planned.seconds,
      apply,
      planAgain: again.seconds,
      rssMB,
      peakMB,
    };
  } finally {
    await agent.stop();
  }
};

async function expectExit(code: number, ...words: readonly string[]) {
  const ended = await innermap(...words);
  if (ended.code === code) return ended;
  throw new Error(
    `Cannot measure innermap ${words.join(' ')}: exit ${ended.code} instead of ${code}\n${ended.output.slice(-2000)}`,
  );
}
