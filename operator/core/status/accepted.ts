import type { OuterMap } from '../../api/outermap.ts';
import { type Claim, type CompiledOuterMap, claimOf, compileOuterMap } from '../desired/compile.ts';
import { bySeniority } from '../desired/seniority.ts';
import { groupBy } from '../items.ts';
import { every, type Steps } from '../steps.ts';
import type { Acceptance } from './conditions.ts';
import type { InnerFacts, OuterFacts } from './facts.ts';
import type { NodeGroup, NodeGroups } from './nodes/nodegroup.ts';
import type { NodeLabels } from './nodes/nodelabels.ts';

const UNREAD: Acceptance = { accepted: 'Unknown', reason: 'Pending', message: 'Contents are being read' };
const ACCEPTED: Acceptance = {
  accepted: 'True',
  reason: 'Accepted',
  message: 'It is valid, and its namespace may declare its key',
};
const UNCHECKED: Acceptance = {
  accepted: 'True',
  reason: 'Accepted',
  message:
    'Its namespace may declare its key; its contents are too large for the controller to check: nodes report what is wrong in them',
};
const OUTER_ACCEPTED: Acceptance = {
  accepted: 'True',
  reason: 'Accepted',
  message: 'It can be made and filled',
};

/** Acceptance of each OuterMap by name. If several use one pin on one node, the oldest gets it. */
export function outerAcceptances(
  outers: ReadonlyMap<string, OuterFacts>,
  labels: NodeLabels,
): ReadonlyMap<string, Acceptance> {
  const holders = pinHolders(outers.values());
  return new Map([...outers].map(([name, facts]) => [name, outerAcceptance(facts, holders, labels)]));
}

function outerAcceptance(
  { outerMap, problem }: OuterFacts,
  holders: ReadonlyMap<string | undefined, readonly OuterMap[]>,
  labels: NodeLabels,
): Acceptance {
  if (problem !== undefined || outerMap === undefined) return { accepted: 'False', ...problem! };
  const compiled = compileOuterMap(outerMap);
  if (typeof compiled === 'string') return rejected('LayoutMismatch', compiled);
  const { pin, nodeSelector } = outerMap.spec;
  const others = pin === undefined ? [] : holders.get(pin)!;
  for (const other of others) {
    if (other === outerMap) break;
    if (!labels.overlap(other.spec.nodeSelector, nodeSelector)) continue;
    const message = `Pin ${pin} belongs to the older OuterMap ${other.metadata.name}: give this one a pin of its own`;
    return rejected('PinInUse', message);
  }
  return OUTER_ACCEPTED;
}

/** Usable OuterMaps by pin, oldest first. */
function pinHolders(outers: Iterable<OuterFacts>): ReadonlyMap<string | undefined, readonly OuterMap[]> {
  const usable = [...outers].flatMap(facts => compiledOf(facts)?.outerMap ?? []);
  const holders = groupBy(usable, ({ spec }) => spec.pin);
  for (const sharing of holders.values()) sharing.sort((a, b) => bySeniority(a.metadata, b.metadata));
  return holders;
}

/** The outer map that an InnerMap names. */
export interface NamedOuterMap {
  readonly name: string;
  readonly facts: OuterFacts | undefined;
  /** Absent if there is no OuterMap of this name. */
  readonly acceptance: Acceptance | undefined;
}

/** Maps each InnerMap that loses its key to the older InnerMap that holds it. */
export type KeyConflicts = ReadonlyMap<InnerFacts, InnerFacts>;

/** Whether an InnerMap is accepted. The rules are those that every node's agent applies. */
export function innerAcceptance(
  inner: InnerFacts,
  { name, facts, acceptance }: NamedOuterMap,
  conflicts: KeyConflicts,
): Acceptance {
  if (inner.problem !== undefined) return { accepted: 'False', ...inner.problem };
  if (facts === undefined)
    return rejected(
      'OuterMapNotFound',
      `OuterMap ${name} does not exist: create it, or correct spec.outerMap`,
    );
  const claim = claimIn(inner, compiledOf(facts));
  if (claim === undefined || acceptance?.accepted !== 'True')
    return rejected('Pending', `OuterMap ${name} is not usable: see its status`);
  if (claim.kind === 'unusable' && claim.reason === 'Pending') return UNREAD;
  const isUnchecked = claim.kind === 'unusable' && foundNoRoom(inner);
  if (claim.kind !== 'desired' && !isUnchecked) return rejected(claim.reason, claim.message);
  const rival = conflicts.get(inner);
  if (rival === undefined) return isUnchecked ? UNCHECKED : ACCEPTED;
  return rejected('KeyConflict', `Key ${claim.keyText} belongs to the older InnerMap ${rival.key}`);
}

/** Agents have a room of their own, which may be larger. */
function foundNoRoom({ wanted }: InnerFacts): boolean {
  return wanted?.content.kind === 'invalid' && wanted.content.needs !== undefined;
}

/**
 * Finds InnerMaps that lose their key. Two InnerMaps with one key conflict if their selectors are equal, even if they
 * select no node, or if both select one node. The oldest takes its nodes first, so one pass decides thousands of
 * InnerMaps that share a key and have one node each.
 */
export function* keyConflicts(
  inners: readonly InnerFacts[],
  compiled: CompiledOuterMap | undefined,
  groups: NodeGroups,
): Steps<KeyConflicts> {
  const conflicts = new Map<InnerFacts, InnerFacts>();
  for (const contenders of (yield* contested(inners, compiled)).values())
    addConflicts(conflicts, contenders, groups);
  return conflicts;
}

/** InnerMaps by the key in hex, for each key that more than one InnerMap claims. */
function* contested(
  inners: readonly InnerFacts[],
  compiled: CompiledOuterMap | undefined,
): Steps<ReadonlyMap<string, InnerFacts[]>> {
  const first = new Map<string, InnerFacts>();
  const contested = new Map<string, InnerFacts[]>();
  const due = every();
  for (const inner of inners) {
    if (due()) yield;
    const keyHex = claimedKey(claimIn(inner, compiled));
    if (keyHex === undefined) continue;
    const other = first.get(keyHex);
    if (other === undefined) first.set(keyHex, inner);
    else if (contested.has(keyHex)) contested.get(keyHex)!.push(inner);
    else contested.set(keyHex, [other, inner]);
  }
  return contested;
}

function addConflicts(
  conflicts: Map<InnerFacts, InnerFacts>,
  contenders: InnerFacts[],
  groups: NodeGroups,
): void {
  const bySelector = new Map<NodeGroup, InnerFacts>();
  const byNode = new Map<number, InnerFacts>();
  for (const inner of contenders.sort(byAge)) {
    const group = groups.of(inner.selector);
    const equal = bySelector.get(group);
    if (equal !== undefined) {
      conflicts.set(inner, equal);
      continue;
    }
    bySelector.set(group, inner);
    for (const rank of group.members) {
      const holder = byNode.get(rank);
      if (holder === undefined) byNode.set(rank, inner);
      else if (!conflicts.has(inner)) conflicts.set(inner, holder);
    }
  }
}

/** The InnerMap's claim, other InnerMaps aside; undefined if it or its OuterMap cannot be parsed. */
function claimIn({ wanted }: InnerFacts, compiled: CompiledOuterMap | undefined): Claim | undefined {
  return wanted === undefined || compiled === undefined ? undefined : claimOf(wanted, compiled);
}

/** The claimed key in hex. An InnerMap with invalid contents still holds its key. */
function claimedKey(claim: Claim | undefined): string | undefined {
  return claim === undefined || claim.kind === 'rejected' ? undefined : claim.keyHex;
}

export function compiledOf(outer: OuterFacts | undefined): CompiledOuterMap | undefined {
  if (outer?.outerMap === undefined) return undefined;
  const compiled = compileOuterMap(outer.outerMap);
  return typeof compiled === 'string' ? undefined : compiled;
}

function byAge(a: InnerFacts, b: InnerFacts): number {
  return bySeniority(a.wanted!.innerMap.metadata, b.wanted!.innerMap.metadata);
}

function rejected(reason: Acceptance['reason'], message: string): Acceptance {
  return { accepted: 'False', reason, message };
}
