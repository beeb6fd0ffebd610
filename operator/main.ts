import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Ports } from './cli/command.ts';
import { runCommandLine } from './cli/run.ts';
import { standardTerminal } from './cli/terminal/standard.ts';
import { INSPECT } from './inspect/ports.ts';
import { openKernel } from './kernel/libbpf/kernel.ts';
import { loadManifests } from './source/folder/load.ts';
import { runAgent, runOnce } from './wiring/agent.ts';
import { plan } from './wiring/plan.ts';

/** Composition root: configuration → ports → run. The exit codes are the commands'. */
export async function main(args: readonly string[]): Promise<number> {
  return runCommandLine(args, ports());
}

function ports(): Ports {
  const running = version();
  return {
    terminal: standardTerminal(running),
    inspect: INSPECT,
    openKernel: bpffs => openKernel({ bpffs }),
    loadManifests: (paths, progress) => loadManifests(paths, { progress }),
    plan,
    runAgent: options => runAgent(options, running),
    runController: async options => (await import('./wiring/controller.ts')).runController(options, running),
    runOnce: options => runOnce(options, running),
  };
}

function version(): string {
  const path = join(import.meta.dirname, '..', '..', 'package.json');
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
