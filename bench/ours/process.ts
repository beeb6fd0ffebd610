import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const INNERMAP = join(import.meta.dirname, '..', '..', '..', 'bin', 'innermap.js');
/** Of /proc/PID/stat's times: USER_HZ is 100 on every architecture that Node.js runs on. */
const TICKS_A_SECOND = 100;

/** A command of ours as its user runs it: what it took, and how much memory at most. */
export interface Ended {
  readonly code: number;
  readonly seconds: number;
  readonly peakMB: number;
  readonly output: string;
}

/** Runs `innermap …` to its end. */
export async function innermap(...words: readonly string[]): Promise<Ended> {
  const before = performance.now();
  const child = start(words);
  let output = '';
  child.stdout?.on('data', chunk => {
    output += chunk;
  });
  child.stderr?.on('data', chunk => {
    output += chunk;
  });
  let peakMB = 0;
  // The kernel forgets the mark with the process: it is looked at while that lives.
  const look = setInterval(() => {
    peakMB = Math.max(peakMB, statusMB(child.pid!, 'VmHWM'));
  }, 20);
  const code = await new Promise<number>(resolve => child.once('close', status => resolve(status ?? -1)));
  clearInterval(look);
  return { code, seconds: (performance.now() - before) / 1000, peakMB, output };
}

/** A command of ours that runs until `stop`. */
export interface Running {
  readonly pid: number;
  /** False while it runs; throws with what it said when it ended by itself. */
  failed(): undefined;
  stop(): Promise<void>;
}

export function startProcess(words: readonly string[]): Running {
  const child = start(words);
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  let complaint = '';
  child.stderr?.on('data', chunk => {
    complaint += chunk;
  });
  child.stdout?.resume();
  return {
    pid: child.pid!,
    failed: () => {
      if (child.exitCode !== null) throw new Error(`innermap ${words[0]} ended: ${complaint}`);
      return undefined;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** The agent on a folder, running until `stop`. */
export interface Agent {
  readonly pid: number;
  /** From its start to the report of its first turn. */
  readonly secondsToFirstTurn: number;
  stop(): Promise<void>;
}

export async function startAgent(manifests: string, bpffs: string, report: string): Promise<Agent> {
  const before = performance.now();
  const child = start([
    'agent',
    '--manifests',
    manifests,
    '--bpffs',
    bpffs,
    '--report',
    report,
    '--log-level',
    'error',
  ]);
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  let complaint = '';
  child.stderr?.on('data', chunk => {
    complaint += chunk;
  });
  while (!existsSync(report)) {
    if (child.exitCode !== null) throw new Error(`Cannot start the agent: ${complaint}`);
    await sleep(1);
  }
  const secondsToFirstTurn = (performance.now() - before) / 1000;
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
  };
  return { pid: child.pid!, secondsToFirstTurn, stop };
}

/** VmRSS, VmHWM … of a process; 0 once it has ended. `proc`: where its procfs is. */
export function statusMB(pid: number, field: 'VmRSS' | 'VmHWM', proc = '/proc'): number {
  const line = textOf(`${proc}/${pid}/status`)
    .split('\n')
    .find(text => text.startsWith(`${field}:`));
  return Number.parseInt(line?.split(/\s+/)[1] ?? '0', 10) / 1024;
}

/** Processor time of all its threads so far. */
export function processorSeconds(pid: number, proc = '/proc'): number {
  // utime and stime are fields 14 and 15
  const fields = statOf(pid, proc);
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND;
}

/** Seconds since the machine started at which it began. */
export function startedAfter(pid: number, proc = '/proc'): number {
  return Number(statOf(pid, proc)[19]) / TICKS_A_SECOND;
}

/** From the third field on: the second is the name in parentheses and may hold spaces. */
function statOf(pid: number, proc: string): readonly string[] {
  return textOf(`${proc}/${pid}/stat`).split(') ').at(-1)!.split(' ');
}

function start(words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [INNERMAP, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
