import { every, type Steps } from '../steps.ts';
import type { Wanted, WantedInner } from '../wanted.ts';
import { type CompiledOuterMap, claimOf, compileOuterMap, type DesiredInner } from './compile.ts';
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
  if (!areTheirOwn(of, is, wanted)) return undefined;
  const changes = new Map<string, Change>();
  const due = every();
  const { innerMaps } = wanted;
  const next = (from: number): number => nextChange(of.innerMaps, innerMaps, from);
  for (let at = next(0); at < innerMaps.length; at = next(at + 1)) {
    if (due()) yield;
    const [inner, before] = [innerMaps[at]!, of.innerMaps[at]];
    const name = inner.innerMap.spec.outerMap;
    const outer = is.outers.get(name);
    if (outer === undefined) return undefined;
    const change = changes.get(name) ?? begun(outer);
    if (change === undefined || !take(inner, before, change)) return undefined;
    changes.set(name, change);
  }
  const outers = new Map(is.outers);
  for (const [name, { outer, inners, changed }] of changes)
    outers.set(name, { ...outer, inners, since: { inners: outer.inners, changed } });
  return { ...is, outers };
}

/** The first place from there on with another object; the end where there is none. */
function nextChange(before: readonly WantedInner[], now: readonly WantedInner[], from: number): number {
  let at = from;
  while (at < now.length && before[at] === now[at]) at++;
  return at;
}

/**
 * The same outer maps on the same node; all InnerMaps there at their keys, and none that another's size concerns. Where most
 * of them come, nothing is gained.
 */
function areTheirOwn(of: Wanted, { rejections }: Desired, wanted: Wanted): boolean {
  const { outerMaps, node, innerMaps } = wanted;
  const more = innerMaps.length - of.innerMaps.length;
  return (
    outerMaps.length === of.outerMaps.length &&
    node === of.node &&
    rejections.length === 0 &&
    more >= 0 &&
    more <= of.innerMaps.length &&
    outerMaps.every((outer, at) => outer === of.outerMaps[at] && outer.spec.maxNamespaceBytes === undefined)
  );
}

/** The inner maps of one outer map while some change. */
interface Change {
  readonly outer: DesiredOuter;
  readonly compiled: CompiledOuterMap;
  readonly inners: Map<string, DesiredInner>;
  readonly changed: DesiredInner[];
}

function begun(outer: DesiredOuter): Change | undefined {
  const compiled = compileOuterMap(outer.outerMap);
  if (typeof compiled === 'string') return undefined;
  return { outer, compiled, inners: new Map(outer.inners), changed: [] };
}

/** False where it is not simply the next one at its key. */
function take(inner: WantedInner, before: WantedInner | undefined, change: Change): boolean {
  const { compiled, inners, changed } = change;
  const claim = claimAt(inner, compiled);
  if (claim === undefined) return false;
  const last = before === undefined ? undefined : claimAt(before, compiled);
  if (before === undefined ? inners.has(claim.keyHex) : last?.keyHex !== claim.keyHex) return false;
  inners.set(claim.keyHex, claim);
  changed.push(claim);
  return true;
}

function claimAt(inner: WantedInner, compiled: CompiledOuterMap): DesiredInner | undefined {
  const { outerMap: name, nodeSelector } = inner.innerMap.spec;
  if (name !== compiled.outerMap.metadata.name || nodeSelector !== undefined) return undefined;
  const claim = claimOf(inner, compiled);
  return claim.kind === 'desired' ? claim : undefined;
}
