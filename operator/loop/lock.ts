import { LEDGER } from '../core/ledger.ts';
import type { Kernel } from '../kernel/kernel.ts';
import type { Lock } from '../kernel/pins.ts';
import { delay } from './bell.ts';

const ASK_AGAIN_MS = 500;

/** One writer: waits for the lock on the ledger, and tells for whom, once for each holder. Undefined when stopped. */
export async function onlyWriter(
  kernel: Kernel,
  waiting: (holder: string) => void,
  stop: AbortSignal,
): Promise<Lock | undefined> {
  const directory = `${kernel.pins.root}/${LEDGER}`;
  if (!kernel.pins.exists(directory)) kernel.pins.makeDirectory(directory);
  let told: string | undefined;
  while (!stop.aborted) {
    const lock = kernel.pins.lock(directory);
    if (!('heldBy' in lock)) return lock;
    if (lock.heldBy !== told) waiting(lock.heldBy);
    told = lock.heldBy;
    await delay(ASK_AGAIN_MS, stop);
  }
  return undefined;
}
