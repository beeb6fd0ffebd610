import { KernelError } from '../../../error.ts';
import type { Failed, KeyPins, Settling } from '../../../kernel.ts';
import type { FakePins } from './pins.ts';

/** Each unlink and each rename is a mutation of its own: a test can crash in every state between. */
export function settleEach(pins: FakePins, directory: string, settlings: Iterable<Settling>): Failed {
  const pathOf = (name: string): string => `${directory}/${name}`;
  const failed = new Map<number, KernelError>();
  let index = 0;
  for (const { unlink, rename } of settlings) {
    try {
      if (unlink !== undefined) pins.unlink(pathOf(unlink));
      if (rename !== undefined) pins.rename(pathOf(rename.from), pathOf(rename.to));
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      failed.set(index, error);
    }
    index += 1;
  }
  return failed;
}

/** Pins of the keys that did not fail go. */
export function unpinEach(pins: FakePins, { directory, names }: KeyPins, failed: Failed): Failed {
  const unlinks = names.map((unlink, at) => (unlink === undefined || failed.has(at) ? {} : { unlink }));
  return new Map([...failed, ...settleEach(pins, directory, unlinks)]);
}
