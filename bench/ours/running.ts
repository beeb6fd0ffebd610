import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFolder } from './folders.ts';
import { processorSeconds, startAgent, statusMB } from './process.ts';
import type { Work } from './work.ts';

/** After a first turn the runtime still gives memory back and compiles. */
const SETTLING_MS = 3_000;

/** From the start of the command to the report of its first turn, on a folder with one small outer map. */
export const start: Work = async ({ directory, bpffs }) => {
  const agent = await agentOn(directory, bpffs, { maps: 3, entries: 4 });
  try {
    await sleep(SETTLING_MS);
    return { seconds: agent.secondsToFirstTurn, rssMB: statusMB(agent.pid, 'VmRSS') };
  } finally {
    await agent.stop();
  }
};

/** Processor time of an agent that has nothing to do, drift checks at their usual pace included. */
export const idle: Work = async ({ directory, bpffs }, { maps = 10_000, entries = 100, seconds = 60 }) => {
  const agent = await agentOn(directory, bpffs, { maps, entries });
  try {
    await sleep(SETTLING_MS);
    const before = processorSeconds(agent.pid);
    await sleep(seconds * 1000);
    const spent = processorSeconds(agent.pid) - before;
    return { seconds: spent, rssMB: statusMB(agent.pid, 'VmRSS'), peakMB: statusMB(agent.pid, 'VmHWM') };
  } finally {
    await agent.stop();
  }
};

function agentOn(directory: string, bpffs: string, shape: { maps: number; entries: number }) {
  const manifests = join(directory, 'manifests');
  writeFolder(manifests, shape);
  return startAgent(manifests, bpffs, join(directory, 'status.json'));
}
