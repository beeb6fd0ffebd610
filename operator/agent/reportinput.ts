import type { Desired } from '../core/desired/desired.ts';
import type { ReportInput } from '../core/report/nodereport.ts';
import type { Bpffs } from '../core/report/onnode.ts';
import type { OuterNow } from '../core/report/outer/sizes.ts';
import type { Report, TurnSummary } from '../core/report/report.ts';
import { lastDrift } from './apply/drift.ts';
import type { Tally } from './apply/outcome.ts';
import type { Memory } from './memory.ts';
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
export function reportInput(agent: Agent, parts: TurnParts): ReportInput {
  const { memory, kernelState, clock } = agent;
  const { wanted, node, desired, plan, tally, due, previous } = parts;
  const now = new Date(clock.now()).toISOString();
  if (due.resync || due.contentShare > 0) memory.lastDriftCheck = now;
  memory.drift = lastDrift(memory.drift, tally.drifted, due.contentShare);
  const { driftFound: found, driftRepaired: repaired } = memory.counters;
  const { lastDriftCheck: lastCheck } = memory;
  return {
    ...{ wanted, node, desired, plan, failed: tally.failed, kernel: kernelState, now },
    outers: outersNow(memory, desired),
    bpffs: bpffsOf(agent),
    retained: memory.retained,
    possibleCpus: agent.kernel.possibleCpus,
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

function outersNow(memory: Memory, desired: Desired): ReadonlyMap<string, OuterNow> {
  const outers = new Map<string, OuterNow>();
  for (const [name, { outerMap }] of desired.outers) {
    const known = memory.outers.get(name);
    if (known === undefined) continue;
    const isMade = outerMap.spec.provision === 'Create';
    const map = isMade ? known.ledger : known.pin;
    outers.set(name, { map, isMade, shares: known.sharers.size > 0, programmed: known.programmed });
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
