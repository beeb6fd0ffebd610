import { MAP_FLAGS } from '../../api/outermap.ts';
import type { DesiredInner } from '../../core/desired/compile.ts';
import type { OuterMemory } from '../memory.ts';

/** What is hardly ever written is looked at in one of so many checks of the contents: once an hour, as they are by default. */
export const SELDOM = 30;

type Looked = Pick<DesiredInner, 'keyHex' | 'sealed' | 'spec'>;

/** Inner maps whose contents are to be read now. */
export interface DueInners<T> {
  has(inner: T): boolean;
  all(): readonly T[];
}

/** The next slice of inner maps, in rotation: each comes once in a check of the contents. */
export function dueInners<T extends Looked>(
  { inners }: { readonly inners: ReadonlyMap<string, T> },
  known: Pick<OuterMemory, 'cursor' | 'checks'>,
  share: number,
): DueInners<T> {
  if (share <= 0) return { has: () => false, all: () => [] };
  const keys = share < 1 ? [...inners.keys()] : [];
  const { checks } = known;
  const from = known.cursor < keys.length ? known.cursor : 0;
  const end = from + Math.min(keys.length, Math.ceil(keys.length * share));
  known.cursor = end % Math.max(1, keys.length);
  if (end >= keys.length) known.checks += 1;
  if (share >= 1) {
    const has = (inner: T) => isDueIn(checks, inner);
    return { has, all: () => [...inners.values()].filter(has) };
  }
  const due = new Map<string, number>();
  for (let at = from; at < end; at++)
    due.set(keys[at % keys.length]!, at < keys.length ? checks : checks + 1);
  const has = (inner: T) => {
    const check = due.get(inner.keyHex);
    return check !== undefined && isDueIn(check, inner);
  };
  return { has, all: () => [...due.keys()].map(keyHex => inners.get(keyHex)!).filter(has) };
}

function isDueIn(check: number, inner: Looked): boolean {
  return check % SELDOM === SELDOM - 1 || !isHardlyWritten(inner);
}

/**
 * User space may not write it, nor a program that looks an entry up. One that iterates over its entries may
 * (bpf_iter_attach_map asks neither for the flag nor whether the map is frozen; seen on 6.18), and so could anybody before
 * it was frozen.
 */
function isHardlyWritten({ sealed, spec }: Looked): boolean {
  return sealed && (spec.flags & MAP_FLAGS.ReadOnlyProg) !== 0;
}
