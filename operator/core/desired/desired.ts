import { type InnerMap, innerMapName } from '../../api/innermap.ts';
import type { NodeSelector } from '../../api/metadata.ts';
import { suggestion } from '../../api/nearest.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Reason } from '../../api/reason.ts';
import { selects } from '../../api/selector.ts';
import { remembered } from '../items.ts';
import { every, runToEnd, type Steps } from '../steps.ts';
import type { Wanted, WantedInner } from '../wanted.ts';
import { type CompiledOuterMap, claimOf, compileOuterMap, type DesiredInner } from './compile.ts';
import { ownerOf } from './owner.ts';
import { type BytesThere, overQuota } from './quota.ts';
import { bySeniority, compareText } from './seniority.ts';

/** The node that decides. Selectors see its labels only. */
export interface Node {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface DesiredOuter extends CompiledOuterMap {
  /** By the key in hex. */
  readonly inners: ReadonlyMap<string, DesiredInner>;
  /** Keys whose owner's new contents cannot be used: what it programmed before stays, and nobody else's. */
  readonly kept: ReadonlyMap<string, KeptKey>;
  /** InnerMaps of any outer map whose key another has, by their identity in the kernel: what each has at another key stays. */
  readonly displaced: ReadonlyMap<string, InnerMap>;
  /** The inner maps of a set before, which these are but for the changed ones; absent where that is not known. */
  readonly since?: {
    readonly inners: ReadonlyMap<string, DesiredInner>;
    readonly changed: readonly DesiredInner[];
  };
}

/** An object that is not programmed because of its own declaration or another's. */
export interface Rejection {
  readonly object: InnerMap | OuterMap;
  readonly reason: Reason;
  readonly message: string;
}

export interface KeptKey extends Rejection {
  readonly object: InnerMap;
  /** Its identity in the kernel. */
  readonly owner: string;
}

/** The desired state of this node's kernel. */
export interface Desired {
  /** By name; only those that select this node and can be read. */
  readonly outers: ReadonlyMap<string, DesiredOuter>;
  readonly rejections: readonly Rejection[];
  /** Those of all InnerMaps, for this node or not. */
  readonly selectors: ReadonlySet<NodeSelector>;
  /** Every OuterMap that selects this node, usable or not: its ledger stays. */
  readonly declared: ReadonlySet<string>;
}

/**
 * Pure: wanted objects and a node in, desired state out, in an order that does not depend on the input's.
 * - An object whose selector leaves this node out does not count.
 * - Of two OuterMaps with one pin, and of two InnerMaps with one key, the oldest has it.
 * - A bad object does not affect the others.
 */
export function desiredState(wanted: Wanted, node: Node): Desired {
  return runToEnd(desiring(wanted, node));
}

/** The same as work that can be interrupted after every few InnerMaps, where something may be known of the kernel. */
export function* desiring(wanted: Wanted, node: Node, bytesThere: BytesThere = UNKNOWN): Steps<Desired> {
  const rejections: Rejection[] = [];
  const here = wanted.outerMaps.filter(outerMap => selects(outerMap.spec.nodeSelector, node.labels));
  const selected = new Set(here.map(outerMap => outerMap.metadata.name));
  const claimed = new Map(
    usableOf(here, rejections).map(compiled => [compiled.outerMap.metadata.name, unclaimed(compiled)]),
  );
  const unusable = remembered(whyUnusable(wanted, selected));
  const selectors = new Set<NodeSelector>();
  const due = every();
  for (const inner of wanted.innerMaps) {
    if (due()) yield;
    const { outerMap, nodeSelector } = inner.innerMap.spec;
    if (nodeSelector !== undefined) {
      selectors.add(nodeSelector);
      if (!selects(nodeSelector, node.labels)) continue;
    }
    const outer = claimed.get(outerMap);
    if (outer !== undefined) claim(inner, outer, rejections);
    else rejections.push(...unusable(outerMap).map(why => ({ object: inner.innerMap, ...why })));
  }
  const outers = new Map<string, DesiredOuter>();
  const displaced = new Map<string, InnerMap>();
  for (const [name, outer] of claimed) {
    keepOverQuota(outer, bytesThere);
    for (const { object, reason, message } of outer.kept.values())
      rejections.push({ object, reason, message });
    outers.set(name, { ...outer.compiled, inners: outer.inners, kept: outer.kept, displaced });
  }
  for (const { object, reason } of rejections)
    if (object.kind === 'InnerMap' && reason === 'KeyConflict')
      displaced.set(ownerOf(object.metadata), object);
  return { outers, rejections: rejections.toSorted(byObject), selectors, declared: selected };
}

const UNKNOWN: BytesThere = () => undefined;

/** The message of an InnerMap whose OuterMap is not there. */
export function outerMapNotFound(name: string, declared: readonly string[]): string {
  const near = suggestion(name, declared);
  return `OuterMap ${name} does not exist${near === '' ? ': create it, or correct spec.outerMap' : near}`;
}

/** The same of one whose OuterMap is declared with errors. */
export function outerMapFaulty(name: string): string {
  return `OuterMap ${name} has errors: mend those first`;
}

/** Why InnerMaps of an OuterMap are not programmed; none where it is not for this node, as they are not then. */
function whyUnusable(
  { outerMaps, faulty, unreadable }: Wanted,
  selected: ReadonlySet<string>,
): (name: string) => readonly Pick<Rejection, 'reason' | 'message'>[] {
  const declared = new Set(outerMaps.map(({ metadata }) => metadata.name));
  return name => {
    if (selected.has(name))
      return [{ reason: 'Pending', message: `OuterMap ${name} is not usable on this node: see its status` }];
    if (declared.has(name)) return [];
    if (faulty?.has(name) === true || unreadable?.has(name) === true)
      return [{ reason: 'Pending', message: outerMapFaulty(name) }];
    return [{ reason: 'OuterMapNotFound', message: outerMapNotFound(name, [...declared]) }];
  };
}

/** The OuterMaps that can be used, by name; of those with one pin only the oldest. */
function usableOf(outerMaps: readonly OuterMap[], rejections: Rejection[]): readonly CompiledOuterMap[] {
  const usable: CompiledOuterMap[] = [];
  const pins = new Map<string, OuterMap>();
  for (const outerMap of outerMaps.toSorted((a, b) => bySeniority(a.metadata, b.metadata))) {
    const compiled = compileOuterMap(outerMap);
    const { pin } = outerMap.spec;
    const holder = pin === undefined ? undefined : pins.get(pin);
    if (typeof compiled === 'string')
      rejections.push({ object: outerMap, reason: 'LayoutMismatch', message: compiled });
    else if (holder !== undefined) {
      const message = `Pin ${pin} belongs to the older OuterMap ${holder.metadata.name}: give this one a pin of its own`;
      rejections.push({ object: outerMap, reason: 'PinInUse', message });
    } else {
      if (pin !== undefined) pins.set(pin, outerMap);
      usable.push(compiled);
    }
  }
  return usable.toSorted((a, b) => compareText(a.outerMap.metadata.name, b.outerMap.metadata.name));
}

/** The keys of an OuterMap while InnerMaps claim them. */
interface ClaimedOuter {
  readonly compiled: CompiledOuterMap;
  readonly inners: Map<string, DesiredInner>;
  readonly kept: Map<string, KeptKey>;
}

function unclaimed(compiled: CompiledOuterMap): ClaimedOuter {
  return { compiled, inners: new Map(), kept: new Map() };
}

/** InnerMaps come in any order: an older one takes the key from a younger one. */
function claim(inner: WantedInner, outer: ClaimedOuter, rejections: Rejection[]): void {
  const { compiled, inners, kept } = outer;
  const object = inner.innerMap;
  const claimed = claimOf(inner, compiled);
  if (claimed.kind === 'rejected') {
    rejections.push({ object, reason: claimed.reason, message: claimed.message });
    return;
  }
  const { keyHex, keyText } = claimed;
  const owner = inners.get(keyHex)?.innerMap ?? kept.get(keyHex)?.object;
  if (owner !== undefined) {
    const older = bySeniority(owner.metadata, object.metadata) <= 0;
    rejections.push(older ? conflict(object, owner, keyText) : conflict(owner, object, keyText));
    if (older) return;
    inners.delete(keyHex);
    kept.delete(keyHex);
  }
  if (claimed.kind === 'desired') inners.set(keyHex, claimed);
  else kept.set(keyHex, { object, owner: claimed.owner, reason: claimed.reason, message: claimed.message });
}

function keepOverQuota({ compiled, inners, kept }: ClaimedOuter, bytesThere: BytesThere): void {
  for (const { inner, message } of overQuota({ ...compiled, inners, kept }, bytesThere)) {
    inners.delete(inner.keyHex);
    kept.set(inner.keyHex, { object: inner.innerMap, owner: inner.owner, reason: 'TooManyEntries', message });
  }
}

function conflict(object: InnerMap, owner: InnerMap, keyText: string): Rejection {
  const message = `Key ${keyText} belongs to the older InnerMap ${innerMapName(owner)}`;
  return { object, reason: 'KeyConflict', message };
}

function byObject({ object: a }: Rejection, { object: b }: Rejection): number {
  return compareText(a.kind, b.kind) || bySeniority(a.metadata, b.metadata);
}
