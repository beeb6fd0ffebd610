import { every, type Steps } from '../steps.ts';
import type { Wanted, WantedInner } from '../wanted.ts';
import { claimOf, compileOuterMap, type DesiredInner } from './compile.ts';
import type { Desired, DesiredOuter } from './desired.ts';

/** A wanted set, and what it came to. */
export interface DesiredBefore {
  readonly of: Wanted;
  readonly is: Desired;
}

/**
 * Pure: the desired state of a set that differs from one before by some InnerMaps alone, each in the place of one with
 * the same key, or behind all of them. Only these are looked at. Undefined where more may have changed, or where InnerMaps
 * concern each other: then all is worked out anew, with the same result.
 */
export function* redesiring({ of, is }: DesiredBefore, wanted: Wanted): Steps<Desired | undefined> {
  if (!concernsEach(of, is, wanted)) return undefined;
  const changes = new Map<string, Change>();
  const due = every();
  for (const [at, inner] of wanted.innerMaps.entries()) {
    if (due(LOOK)) yield;
    const before = of.innerMaps[at];
    if (before === inner) continue;
    if (due()) yield;
    const name = inner.innerMap.spec.outerMap;
    const outer = is.outers.get(name);
    if (outer === undefined) return undefined;
    const change = changes.get(name) ?? begun(outer);
    changes.set(name, change);
    if (!take(inner, before, change)) return undefined;
  }
  const outers = new Map(is.outers);
  for (const [name, { outer, inners, changed }] of changes)
    outers.set(name, { ...outer, inners, since: { inners: outer.inners, changed } });
  return { ...is, outers };
}

/** What it takes to look at one, as a part of what it takes to judge one. */
const LOOK = 1 / 64;

/** The same outer maps on the same node; all InnerMaps there at their keys, and none that another's size concerns. */
function concernsEach(of: Wanted, { rejections }: Desired, wanted: Wanted): boolean {
  const { outerMaps, node, innerMaps } = wanted;
  const isSame = outerMaps.length === of.outerMaps.length && node === of.node;
  return (
    isSame &&
    rejections.length === 0 &&
    innerMaps.length >= of.innerMaps.length &&
    outerMaps.every((outer, at) => outer === of.outerMaps[at] && outer.spec.maxNamespaceBytes === undefined)
  );
}

/** The inner maps of one outer map while some change. */
interface Change {
  readonly outer: DesiredOuter;
  readonly inners: Map<string, DesiredInner>;
  readonly changed: DesiredInner[];
}

function begun(outer: DesiredOuter): Change {
  return { outer, inners: new Map(outer.inners), changed: [] };
}

/** False where it is not simply the next one at its key. */
function take(inner: WantedInner, before: WantedInner | undefined, change: Change): boolean {
  const { outer, inners, changed } = change;
  const claim = claimAt(inner, outer);
  if (claim === undefined) return false;
  const last = before === undefined ? undefined : claimAt(before, outer);
  if (before === undefined ? inners.has(claim.keyHex) : last?.keyHex !== claim.keyHex) return false;
  inners.set(claim.keyHex, claim);
  changed.push(claim);
  return true;
}

function claimAt(inner: WantedInner, { outerMap }: DesiredOuter): DesiredInner | undefined {
  const { outerMap: name, nodeSelector } = inner.innerMap.spec;
  const compiled = compileOuterMap(outerMap);
  if (name !== outerMap.metadata.name || nodeSelector !== undefined || typeof compiled === 'string')
    return undefined;
  const claim = claimOf(inner, compiled);
  return claim.kind === 'desired' ? claim : undefined;
}
