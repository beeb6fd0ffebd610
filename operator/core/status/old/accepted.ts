import type { NodeSelector } from '../../../api/metadata.ts';
import { type Claim, claimOf } from '../../desired/compile.ts';
import { bySeniority } from '../../desired/desired.ts';
import type { Acceptance } from '../conditions.ts';
import type { InnerRecord, OuterRecord } from './memory.ts';
import type { Nodes } from './nodes.ts';
import { selectorText, type View } from './progress.ts';
import { rivalOf } from './rivals.ts';

const UNREAD: Acceptance = { accepted: 'Unknown', reason: 'Pending', message: 'Contents are being read' };
const ACCEPTED: Acceptance = {
  accepted: 'True',
  reason: 'Accepted',
  message: 'It is valid, and its namespace may declare its key',
};
const OUTER_ACCEPTED: Acceptance = {
  accepted: 'True',
  reason: 'Accepted',
  message: 'It can be made and filled',
};

/** What the InnerMap claims by itself; nothing where it or its OuterMap cannot be read. */
export function claimIn({ facts, outer }: InnerRecord): Claim | undefined {
  const { compiled } = outer;
  if (facts.wanted === undefined || compiled === undefined || typeof compiled === 'string') return undefined;
  return claimOf(facts.wanted, compiled);
}

/** Whether an InnerMap can be taken, by the same rules as on every node. */
export function innerAcceptance(inner: InnerRecord, view: View): Acceptance {
  const { facts, outer } = inner;
  if (facts.problem !== undefined) return { accepted: 'False', ...facts.problem };
  if (outer.facts === undefined) return refused('OuterMapNotFound', missing(outer.name));
  const claim = claimIn(inner);
  if (claim === undefined || outer.verdict?.accepted !== 'True')
    return refused('Pending', `OuterMap ${outer.name} is not usable: see its status`);
  if (claim.kind === 'unusable' && claim.reason === 'Pending') return UNREAD;
  if (claim.kind !== 'claim') return refused(claim.reason, claim.message);
  const rival = rivalOf(inner, view);
  if (rival === undefined) return ACCEPTED;
  const { keyText } = claim.desired;
  return refused('KeyConflict', `Key ${keyText} belongs to the older InnerMap ${rival.facts.key}`);
}

/** Whether an OuterMap can be made at all. `others` have the same pin. */
export function outerAcceptance(
  outer: OuterRecord,
  others: Iterable<OuterRecord>,
  meet: Meeting,
): Acceptance {
  const { facts, compiled } = outer;
  if (facts?.problem !== undefined) return { accepted: 'False', ...facts.problem };
  if (typeof compiled === 'string') return refused('LayoutMismatch', compiled);
  const holder = seniorHolder(outer, others, meet);
  if (holder === undefined) return OUTER_ACCEPTED;
  const pin = facts?.outerMap?.spec.pin;
  const message = `Pin ${pin} belongs to the older OuterMap ${holder.name}: give this one a pin of its own`;
  return refused('PinInUse', message);
}

/** Whether two selectors choose one node. */
export type Meeting = (a: NodeSelector | undefined, b: NodeSelector | undefined) => boolean;

/** Remembers its answers while the nodes stay the same. Selectors that say the same meet, nodes or no nodes. */
export function meetingOn(nodes: Nodes): Meeting {
  const known = new Map<string, boolean>();
  let version = nodes.version;
  return (a, b) => {
    const [left, right] = [selectorText(a), selectorText(b)];
    if (left === right) return true;
    if (version !== nodes.version) known.clear();
    version = nodes.version;
    const pair = `${left} ${right}`;
    let answer = known.get(pair);
    if (answer === undefined) {
      const chosen = new Set(nodes.selected(a));
      answer = nodes.selected(b).some(node => chosen.has(node));
      known.set(pair, answer);
    }
    return answer;
  };
}

function seniorHolder(
  outer: OuterRecord,
  others: Iterable<OuterRecord>,
  meet: Meeting,
): OuterRecord | undefined {
  const own = outer.facts?.outerMap;
  if (own === undefined) return undefined;
  for (const other of others) {
    const theirs = other.facts?.outerMap;
    const isUsable = theirs !== undefined && typeof other.compiled !== 'string' && other !== outer;
    if (!isUsable || bySeniority(theirs.metadata, own.metadata) >= 0) continue;
    if (meet(theirs.spec.nodeSelector, own.spec.nodeSelector)) return other;
  }
  return undefined;
}

function refused(reason: Acceptance['reason'], message: string): Acceptance {
  return { accepted: 'False', reason, message };
}

function missing(name: string): string {
  return `OuterMap ${name} does not exist: create it, or correct spec.outerMap`;
}
