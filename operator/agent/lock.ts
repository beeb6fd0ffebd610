import { LEDGER } from '../core/ledgerrecord.ts';
import { KernelError } from '../kernel/error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Lock } from '../kernel/pins.ts';
import { REAL_CLOCK } from '../timing/clock.ts';

const RETRY_MS = 500;

/** Waits for the ledger lock, and calls `waiting` once for each holder. Undefined when stopped. */
export async function onlyWriter(
  kernel: Kernel,
  waiting: (holder: string) => void,
  stop: AbortSignal,
): Promise<Lock | undefined> {
  const directory = `${kernel.pins.root}/${LEDGER}`;
  let reported: string | undefined;
  while (!stop.aborted) {
    const lock = lockOrHolder(kernel, directory);
    if (lock !== undefined && !('heldBy' in lock)) return lock;
    if (lock !== undefined && lock.heldBy !== reported) waiting(lock.heldBy);
    reported = lock?.heldBy ?? reported;
    await REAL_CLOCK.sleep(RETRY_MS, stop);
  }
  return undefined;
}

/** Undefined where the directory just went: `innermap clean` holds the lock, and removes the directory in the end. */
function lockOrHolder({ pins }: Kernel, directory: string): ReturnType<Kernel['pins']['lock']> | undefined {
  if (!pins.exists(directory)) pins.makeDirectory(directory);
  try {
    return pins.lock(directory);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}
