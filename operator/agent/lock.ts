import { LEDGER } from '../core/ledgerrecord.ts';
import { KernelError } from '../kernel/error.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Lock } from '../kernel/pins.ts';
import { REAL_CLOCK } from '../timing/clock.ts';

const ASK_AGAIN_MS = 500;

/** One writer: waits for the lock on the ledger, and tells for whom, once for each holder. Undefined when stopped. */
export async function onlyWriter(
  kernel: Kernel,
  waiting: (holder: string) => void,
  stop: AbortSignal,
): Promise<Lock | undefined> {
  const directory = `${kernel.pins.root}/${LEDGER}`;
  let told: string | undefined;
  while (!stop.aborted) {
    const lock = lockOrHolder(kernel, directory);
    if (lock !== undefined && !('heldBy' in lock)) return lock;
    if (lock !== undefined && lock.heldBy !== told) waiting(lock.heldBy);
    told = lock?.heldBy ?? told;
    await REAL_CLOCK.sleep(ASK_AGAIN_MS, stop);
  }
  return undefined;
}

/** Undefined where the directory went in this moment: `innermap clean`, which held it, takes it away in the end. */
function lockOrHolder({ pins }: Kernel, directory: string): ReturnType<Kernel['pins']['lock']> | undefined {
  if (!pins.exists(directory)) pins.makeDirectory(directory);
  try {
    return pins.lock(directory);
  } catch (error) {
    if (error instanceof KernelError && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}
