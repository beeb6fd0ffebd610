import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, INNERMAP, Running } from '../../agent/support/process.ts';

/** A command that has ended, and what it took. */
export interface Measured extends Ended {
  readonly seconds: number;
  /** The most memory that it ever held, threads included. */
  readonly peakMB: number;
}

/** VmHWM, not ru_maxrss: that of a child begins with the memory of the process that started it. */
const AT_EXIT = `import { readFileSync, writeFileSync } from 'node:fs';
process.on('exit', () => writeFileSync(process.env.INNERMAP_PEAK, readFileSync('/proc/self/status')));`;

/** Runs `innermap WORDS…` and measures it. */
export async function measured(...words: readonly string[]): Promise<Measured> {
  const directory = mkdtempSync(join(tmpdir(), 'innermap-measured-'));
  const status = join(directory, 'status');
  const preload = `data:text/javascript,${encodeURIComponent(AT_EXIT)}`;
  const start = performance.now();
  try {
    const command = ['env', `INNERMAP_PEAK=${status}`, process.execPath, '--import', preload, INNERMAP];
    const ended = await new Running([...command, ...words]).ended();
    const seconds = (performance.now() - start) / 1000;
    return { ...ended, seconds, peakMB: peakIn(readFileSync(status, 'utf8')) };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function peakIn(status: string): number {
  const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(status) ?? [];
  if (kilobytes === undefined) throw new Error('Cannot read VmHWM in /proc/self/status');
  return Math.round(Number(kilobytes) / 1024);
}
