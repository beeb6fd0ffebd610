import { valueStride } from '../../core/codec/entries.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import type { KernelError } from '../../kernel/error.ts';
import type { InnerAddress, InnerReading, Kernel } from '../../kernel/kernel.ts';
import { Slice } from '../../timing/sliced.ts';

/** Upper bounds of the inner maps whose contents are in memory a second time, until they are looked at. */
const AT_ONCE = { maps: 512, bytes: 32 * 1024 * 1024 };

/** Reads the inner maps of `all` in groups, and looks at each between turns of the event loop: large ones take milliseconds. */
export async function eachContents<T extends { readonly inner: DesiredInner }>(
  kernel: Kernel,
  { all, addressOf }: { readonly all: readonly T[]; readonly addressOf: (one: T) => InnerAddress },
  look: (one: T, answer: InnerReading | KernelError) => void,
): Promise<void> {
  const slice = new Slice();
  for (let from = 0; from < all.length; ) {
    const some = all.slice(from, groupEnd(kernel, all, from));
    const answers = await kernel.readInner(some.map(addressOf));
    for (const [at, answer] of answers.entries()) {
      if (slice.over()) await slice.rest();
      look(some[at]!, answer);
    }
    from += some.length;
  }
}

/** At least one; each may hold as much as its maxEntries allow. */
function groupEnd(
  { possibleCpus }: Kernel,
  all: readonly { readonly inner: DesiredInner }[],
  from: number,
): number {
  let bytes = 0;
  let end = from;
  while (end < all.length && end - from < AT_ONCE.maps) {
    const { spec } = all[end]!.inner;
    bytes += spec.maxEntries * (spec.keySize + valueStride(spec, possibleCpus));
    if (bytes > AT_ONCE.bytes && end > from) break;
    end += 1;
  }
  return end;
}
