import type { Desired } from '../core/desired/desired.ts';
import type { ReportInput } from '../core/report/nodereport.ts';
import type { Bpffs } from '../core/report/onnode.ts';
import { type OuterNow, sizesOf } from '../core/report/outer/sizes.ts';
import type { Report, TurnSummary } from '../core/report/report.ts';
import { runSliced } from '../timing/sliced.ts';
import { lastDrift } from './apply/drift.ts';
import type { Tally } from './apply/outcome.ts';
import type { Due } from './observe/observe.ts';
import type { Agent } from './turn.ts';

/** The parts of one turn. */
export interface TurnParts extends Pick<ReportInput, 'wanted' | 'node' | 'desired' | 'plan'> {
  readonly tally: Readonly<Tally>;
  /** Milliseconds since 1970, and since the node's boot. */
  readonly started: number;
  readonly uptime: number;
  readonly due: Due;
  readonly previous: Report | undefined;
}

/** Joins the turn's parts with the agent's memory as it now is. */
export async function reportInput(agent: Agent, parts: TurnParts): Promise<ReportInput> {
  const { memory, kernelState, clock } = agent;
  const { wanted, node, desired, plan, tally, due, previous } = parts;
  const now = new Date(clock.now()).toISOString();
  if (due.resync || due.contentShare > 0) memory.lastDriftCheck = now;
  memory.drift = lastDrift(memory.drift, tally.drifted, due.contentShare);
  const { driftFound: found, driftRepaired: repaired } = memory.counters;
  const { lastDriftCheck: lastCheck } = memory;
  return {
    ...{ wanted, node, desired, plan, failed: tally.failed, kernel: kernelState, now },
    outers: await outersNow(agent, desired),
    bpffs: bpffsOf(agent),
    retained: memory.retained,
    drift: { ...(lastCheck === undefined ? {} : { lastCheck }), found, repaired },
    driftNow: tally.drifted.length - tally.repaired,
    ...(memory.drift === undefined ? {} : { lastDrift: memory.drift.text }),
    turn: summaryOf(agent, parts),
    ...(previous === undefined ? {} : { previous }),
  };
}

export function bpffsOf({ kernel, bpffsOnNode }: Pick<Agent, 'kernel' | 'bpffsOnNode'>): Bpffs {
  const { root } = kernel.pins;
  return { root, onNode: bpffsOnNode ?? root };
}

async function outersNow(
  { memory, kernel: { possibleCpus } }: Agent,
  desired: Desired,
): Promise<ReadonlyMap<string, OuterNow>> {
  const outers = new Map<string, OuterNow>();
  for (const [name, outer] of desired.outers) {
    const known = memory.outers.get(name);
    if (known === undefined) continue;
    const isMade = outer.outerMap.spec.provision === 'Create';
    const { programmed, sharers } = known;
    const now = { map: isMade ? known.ledger : known.pin, isMade, shares: sharers.size > 0, programmed };
    if (known.sizes?.of !== outer.inners) {
      const is = await runSliced(sizesOf(outer.inners, now, possibleCpus));
      known.sizes = { of: outer.inners, is };
    }
    outers.set(name, { map: now.map, programmed, sizes: known.sizes.is });
  }
  return outers;
}

function summaryOf({ memory, clock }: Agent, { tally, started, uptime }: TurnParts): TurnSummary {
  const { steps, done, failed, drifted, repaired } = tally;
  return {
    number: ++memory.counters.turns,
    startedAt: new Date(started).toISOString(),
    milliseconds: clock.uptime() - uptime,
    steps,
    inserted: done.insert ?? 0,
    replaced: done.replace ?? 0,
    edited: done.edit ?? 0,
    removed: done.remove ?? 0,
    failed: failed.length,
    driftFound: drifted.length,
    driftRepaired: repaired,
  };
}
