import { readFileSync, rmSync } from 'node:fs';
import { printable } from '../api/text/printable.ts';
import { LEDGER } from '../core/ledgerrecord.ts';
import { counted } from '../core/plan/print.ts';
import type { Report } from '../core/report/report.ts';
import { askToClean, dropRequests } from '../ledger/cleaning.ts';
import { type Ledger, ledgerOf, ledgersIn } from '../ledger/ledger.ts';
import { type LedgerRemoval, removalOf, removeLedger, removeLedgerRoot } from '../ledger/removal.ts';
import { BPFFS, directory, outputOption } from './arguments/options.ts';
import {
  type ClosableKernel,
  type Command,
  EXIT,
  type Given,
  type Ports,
  type Terminal,
  UsageError,
} from './command.ts';
import { DEFAULT_REPORT } from './report/text.ts';
import { colourOf } from './terminal/colour.ts';

export const CLEAN: Command = {
  name: 'clean',
  summary: 'remove what this operator made on this node',
  usage: '[OUTER]',
  operands: { least: 0, most: 1 },
  options: [
    BPFFS,
    { name: 'yes', short: 'y', summary: 'do not ask' },
    { name: 'dry-run', summary: 'only show what would go' },
    {
      name: 'report',
      value: 'FILE',
      fallback: DEFAULT_REPORT,
      summary: 'the report of the agent that worked here, which goes too',
    },
    outputOption('text', 'json'),
  ],
  notes: [
    'Lists what would go, and asks. Outer maps that this operator made lose their pins: programs that hold one keep it\nuntil they end. Outer maps that others made lose only the keys that this operator put there.',
    'An agent that runs on this bpffs is asked to remove OUTER; without OUTER the command refuses then. What is still\ndeclared is made anew by the agent. Exit code: 0 all is gone, 1 nothing was removed because the answer was\nno, 2 something could not be removed. Needs root, or CAP_BPF.',
  ],
  examples: [
    { line: 'clean --dry-run', says: 'what would go' },
    { line: 'clean tenants', says: 'one outer map with all of its inner maps' },
    { line: 'clean --yes', says: 'everything, in a script' },
  ],
  run,
};

async function run(given: Given, ports: Ports): Promise<number> {
  if (given.text('output') === 'json' && !given.switched('yes') && !given.switched('dry-run'))
    throw new UsageError('Option --output json cannot ask: add --yes or --dry-run', 'clean');
  const { terminal } = ports;
  const kernel = ports.openKernel(directory(given));
  try {
    const lock = lockOn(kernel);
    if (lock !== undefined && 'heldBy' in lock)
      return await clean(given, terminal, byAgent(given, terminal, { kernel, ...lock }));
    try {
      return await clean(given, terminal, byUs(given, terminal, kernel));
    } finally {
      lock?.release();
    }
  } finally {
    kernel.close();
  }
}

/** Undefined where nothing can be locked, as nothing is there. No agent may write meanwhile: it would make again what is removed. */
function lockOn({ pins }: ClosableKernel): ReturnType<ClosableKernel['pins']['lock']> | undefined {
  const root = `${pins.root}/${LEDGER}`;
  return pins.exists(root) ? pins.lock(root) : undefined;
}

/** Who removes the maps: this process, or the agent that runs. */
interface Remover {
  readonly kernel: ClosableKernel;
  /** Returns the exit code. */
  remove(chosen: readonly Ledger[]): Promise<number>;
}

function byUs(given: Given, terminal: Terminal, kernel: ClosableKernel): Remover {
  return {
    kernel,
    remove: async chosen => {
      const code = await removeAll(kernel, chosen, terminal);
      if (given.operands[0] === undefined && code === EXIT.done)
        removeReport(given.text('report')!, kernel, terminal);
      return code;
    },
  };
}

/** Only an outer map that is named: an agent takes away what is named, and makes anew what is declared. */
function byAgent(given: Given, terminal: Terminal, held: Held): Remover {
  const { kernel, heldBy } = held;
  const { root } = kernel.pins;
  const who = heldBy === '' ? 'another process' : heldBy;
  const [outer] = given.operands;
  if (outer === undefined)
    throw new Error(
      `Cannot clean ${root}/${LEDGER}: it is held by ${who}; stop that agent first, or name one outer map, which that agent is asked to remove`,
    );
  return {
    kernel,
    remove: async () => {
      await askToClean(kernel.pins, outer).catch(error => {
        throw new Error(`Cannot clean ${outer}: ${who} was asked: ${(error as Error).message}`);
      });
      terminal.error(`Removed 1 outer map of 1, by ${who}: what is declared is made anew\n`);
      return EXIT.done;
    },
  };
}

interface Held {
  readonly kernel: ClosableKernel;
  readonly heldBy: string;
}

async function clean(given: Given, terminal: Terminal, { kernel, remove }: Remover): Promise<number> {
  const [outer] = given.operands;
  const chosen = outer === undefined ? ledgersIn(kernel.pins) : [ledgerOf(kernel.pins, outer)];
  const removals: LedgerRemoval[] = [];
  for (const ledger of chosen) removals.push(await removalOf(kernel, ledger));
  if (given.text('output') === 'json') terminal.out(`${JSON.stringify(removals, null, 2)}\n`);
  else show(removals, terminal, kernel);
  if (given.switched('dry-run')) return EXIT.done;
  if (chosen.length > 0 && !given.switched('yes') && !(await agreed(terminal))) {
    terminal.error('Nothing was removed\n');
    return EXIT.attention;
  }
  return remove(chosen);
}

/** It would speak of maps that are gone. One about another bpffs stays. */
function removeReport(path: string, { pins }: ClosableKernel, terminal: Terminal): void {
  if (reportedBpffs(path) !== pins.root) return;
  rmSync(path, { force: true });
  terminal.error(`Removed the agent’s report ${path}\n`);
}

function reportedBpffs(path: string): unknown {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as Partial<Report> | null)?.bpffs;
  } catch {
    return undefined;
  }
}

function show(removals: readonly LedgerRemoval[], terminal: Terminal, { pins }: ClosableKernel): void {
  if (removals.length === 0)
    terminal.out(`Nothing to remove: this operator has made nothing in ${pins.root}\n`);
  const { strong, warn } = colourOf(terminal, 'out');
  for (const { name, pin, keys, innerMaps, strangers, foreignPin, taken = 0 } of removals) {
    const stays = strangers.map(stranger => `${stranger}, which this operator did not make`);
    if (foreignPin !== undefined)
      stays.push(`pin ${foreignPin}, which names a map that this operator did not make`);
    if (taken > 0) stays.push(`${counted(taken, 'key')} that it took over, with what others made there`);
    const lines = [
      ...(pin === undefined ? [] : [`pin ${printable(pin)}`]),
      ...(keys === 0 ? [] : [`${counted(keys, 'key')} of the adopted outer map`]),
      counted(innerMaps, 'inner map'),
      'its ledger',
      ...stays.map(text => warn(`stays: ${printable(text)}`)),
    ];
    terminal.out(`${strong(printable(name))}\n${lines.map(line => `  ${line}\n`).join('')}`);
  }
}

async function agreed(terminal: Terminal): Promise<boolean> {
  const answer = await terminal.ask('Remove all of this? [y/N] ');
  return /^\s*y(?:es)?\s*$/i.test(answer);
}

/** A failure of one outer map does not affect the others. */
async function removeAll(
  kernel: ClosableKernel,
  chosen: readonly Ledger[],
  terminal: Terminal,
): Promise<number> {
  const { bad } = colourOf(terminal, 'error');
  let removed = 0;
  for (const ledger of chosen) {
    try {
      await removeLedger(kernel, ledger);
      removed++;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      terminal.error(`${bad(printable(ledger.name))}: ${printable(message)}\n`);
    }
  }
  dropRequests(kernel.pins);
  removeLedgerRoot(kernel);
  if (chosen.length > 0) terminal.error(`Removed ${counted(removed, 'outer map')} of ${chosen.length}\n`);
  return removed === chosen.length ? EXIT.done : EXIT.error;
}
