import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory that is gone afterwards, whatever the work does; with `bpffs` in it a mount of its own. */
export interface Scratch {
  readonly directory: string;
  readonly bpffs: string;
}

/** Mounts that a signal must take away too: `finally` does not run then. */
const open = new Set<Scratch>();

export async function inScratch<T>(work: (scratch: Scratch) => Promise<T>): Promise<T> {
  const scratch = make();
  try {
    return await work(scratch);
  } finally {
    remove(scratch);
  }
}

/** Ends the process with nothing left mounted. */
export function removeOnSignals(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      for (const scratch of open) remove(scratch);
      process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  }
}

function make(): Scratch {
  const directory = mkdtempSync(join(tmpdir(), 'innermap-bench-'));
  const bpffs = join(directory, 'bpf');
  mkdirSync(bpffs);
  execFileSync('mount', ['-t', 'bpf', 'bpf', bpffs]);
  const scratch = { directory, bpffs };
  open.add(scratch);
  return scratch;
}

function remove(scratch: Scratch): void {
  if (!open.delete(scratch)) return;
  // Lazily: a child that was just killed may still be inside.
  execFileSync('umount', ['-l', scratch.bpffs]);
  rmSync(scratch.directory, { recursive: true, force: true });
}
