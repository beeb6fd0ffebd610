import { bytesOfHex } from '../../core/bytes/hex.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import { ledgerPaths } from '../../core/ledgerrecord.ts';
import type { InnerAddress, Kernel } from '../../kernel/kernel.ts';
import { innerAddress, placed } from '../../ledger/reading.ts';
import type { Known } from './differing.ts';

/** Where the inner maps of one outer map are read: by their pins, else by their ids, else at their places. */
export function addressIn(
  kernel: Kernel,
  { desired, known, outer }: Known,
): (inner: DesiredInner, id: number) => InnerAddress {
  const directory = ledgerPaths(kernel.pins.root, desired.outerMap.metadata.name).inner;
  const { pins, sharers, recorded } = known;
  const proofs = { directory, pins, sharers, recorded };
  return ({ keyHex, spec }, id) => {
    const address = innerAddress(keyHex, id, proofs);
    return outer === undefined ? address : placed(address, () => ({ outer, key: bytesOfHex(keyHex)!, spec }));
  };
}
