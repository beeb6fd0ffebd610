import { LEDGER } from '../core/ledgerrecord.ts';
import { KernelError } from '../kernel/error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { type Lock, PRIVATE_MODE } from '../kernel/pins.ts';
import { REAL_CLOCK } from '../timing/clock.ts';

const RETRY_MS = 500;

/** The right to write into a bpffs. */
export interface LedgerLock {
  /**
   * Throws where this is not the only writer any more, or the bpffs is gone. False where the lock was taken anew:
   * another bpffs, or an empty ledger, is there than before.
   */
  keep(): boolean;
  release(): void;
}

/** Waits for the ledger lock, and calls `waiting` once for each holder. Undefined when stopped. */
export async function onlyWriter(
  kernel: Kernel,
  waiting: (holder: string) => void,
  stop: AbortSignal,
): Promise<LedgerLock | undefined> {
  let reported: string | undefined;
  while (!stop.aborted) {
    const lock = lockOrHolder(kernel);
    if (lock !== undefined && !('heldBy' in lock)) return kept(kernel, lock);
    if (lock !== undefined && lock.heldBy !== reported) waiting(lock.heldBy);
    reported = lock?.heldBy ?? reported;
    await REAL_CLOCK.sleep(RETRY_MS, stop);
  }
  return undefined;
}

/**
 * Who removes the ledger, or mounts another bpffs, takes the lock's directory away: the next agent makes it anew and
 * locks that. So each turn asks whether the lock still keeps others out.
 */
function kept(kernel: Kernel, first: Lock): LedgerLock {
  let lock = first;
  return {
    keep: () => {
      kernel.pins.requireMounted();
      if (lock.holds()) return true;
      lock.release();
      lock = lockAgain(kernel);
      return false;
    },
    release: () => lock.release(),
  };
}

function lockAgain(kernel: Kernel): Lock {
  const lock = lockOrHolder(kernel);
  if (lock !== undefined && !('heldBy' in lock)) return lock;
  const who = lock?.heldBy ? `it was removed, and ${lock.heldBy} made and locked it anew` : 'it was removed';
  const detail = `${who}: nothing is written here; stop one of the two`;
  throw new KernelError('keep the lock on', ledgerOf(kernel), 'EBUSY', detail);
}

function ledgerOf({ pins }: Kernel): string {
  return `${pins.root}/${LEDGER}`;
}

/** Undefined where the directory just went: `innermap clean` holds the lock, and removes the directory in the end. */
function lockOrHolder(kernel: Kernel): ReturnType<Kernel['pins']['lock']> | undefined {
  const { pins } = kernel;
  const directory = ledgerOf(kernel);
  if (!pins.exists(directory)) pins.makeDirectory(directory, PRIVATE_MODE);
  try {
    return pins.lock(directory);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}
