import { valueStride } from '../../core/codec/entries.ts';
import type { DesiredOuter } from '../../core/desired/desired.ts';
import { comparedMask } from '../../core/plan/compared.ts';
import type { Expectation, InnerAddress, Kernel } from '../../kernel/kernel.ts';
import { timesSliced } from '../../timing/sliced.ts';
import type { OuterMemory } from '../memory.ts';
import { isProven } from './differing.ts';
import type { ReadShare } from './shares.ts';

interface Verified {
  readonly same: readonly ReadShare[];
  readonly rest: readonly ReadShare[];
}

/**
 * Parts inner maps into those that are as declared and those that must be read to say what they are. An edit in place has
 * to read what is there, and what an LRU map lacked is counted by reading: those are not asked twice.
 */
export async function verified(
  kernel: Kernel,
  all: readonly ReadShare[],
  of: {
    readonly desired: DesiredOuter;
    readonly known: OuterMemory;
    readonly addressOf: (one: ReadShare) => InnerAddress;
  },
): Promise<Verified> {
  const { layout } = of.desired;
  const asked = all.filter(
    ({ inner }) => !of.known.programmed.has(inner.keyHex) || isProven(inner, of.known),
  );
  const expected = new Array<Expectation>(asked.length);
  await timesSliced(asked.length, at => {
    expected[at] = expectationOf(asked[at]!, of.addressOf(asked[at]!));
  });
  const mask = comparedMask(layout, valueStride(layout.template, kernel.possibleCpus));
  const answers = await kernel.verify(expected, mask);
  const same = asked.filter((_, at) => answers[at] === 1);
  if (same.length === all.length) return { same, rest: [] };
  const isSame = new Set(same);
  return { same, rest: all.filter(one => !isSame.has(one)) };
}

function expectationOf({ inner, id }: ReadShare, address: InnerAddress): Expectation {
  const { spec, sealed, entries, exact } = inner;
  return { address, id, spec, frozen: sealed, entries, exact };
}
