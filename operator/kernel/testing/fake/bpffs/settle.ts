import { KernelError } from '../../../error.ts';
import type { Failed, Settling } from '../../../kernel.ts';
import type { FakePins } from './pins.ts';

/** Each unlink and each rename is a mutation of its own: a test can crash in every state between. */
export function settleEach(pins: FakePins, settlings: Iterable<Settling>): Failed {
  const failed = new Map<number, KernelError>();
  let index = 0;
  for (const { unlink, rename } of settlings) {
    try {
      if (unlink !== undefined) pins.unlink(unlink);
      if (rename !== undefined) pins.rename(rename.from, rename.to);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      failed.set(index, error);
    }
    index += 1;
  }
  return failed;
}
