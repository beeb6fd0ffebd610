import type { Desired } from '../core/desired/desired.ts';
import type { Plan } from '../core/plan/plan.ts';
import type { Verb } from '../core/plan/step.ts';
import type { OuterNow, ReportInput } from '../core/report/nodereport.ts';
import type { Bpffs } from '../core/report/onnode.ts';
import type { Report, TurnSummary } from '../core/report/report.ts';
import type { Wanted } from '../core/wanted.ts';
import type { Outcome } from './apply/outcome.ts';
import type { Drift } from './fold.ts';
import type { Memory } from './memory.ts';
import type { Due } from './observe/observe.ts';
import type { Agent } from './turn.ts';

/** Milliseconds since 1970: an argument, so that tests tell the time. */
export interface WallClock {
  now(): number;
}

/** The parts of one turn, as they came about. */
export interface TurnParts {
  readonly wanted: Wanted;
  readonly node: Agent['node'];
  readonly desired: Desired;
  readonly plan: Plan;
  readonly outcomes: readonly Outcome[];
  readonly drift: Drift;
  readonly started: number;
  readonly due: Due;
  readonly previous: Report | undefined;
}

/** What the report is made from: the turn's parts, and the agent's memory as it now is. */
export function reportInput(agent: Agent, parts: TurnParts): ReportInput {
  const { memory, kernelState, clock } = agent;
  const { node } = parts;
  const now = new Date(clock.now()).toISOString();
  const looked = parts.due.resync || parts.due.contentShare > 0;
  if (looked) memory.lastDriftCheck = now;
  const { driftFound: found, driftRepaired: repaired } = memory.counters;
  return {
    ...{ wanted: parts.wanted, desired: parts.desired, plan: parts.plan, steps: parts.outcomes },
    outers: outersNow(memory, parts.desired),
    ...{ node, bpffs: bpffsOf(agent), kernel: kernelState, now },
    drift: {
      ...(memory.lastDriftCheck === undefined ? {} : { lastCheck: memory.lastDriftCheck }),
      found,
      repaired,
    },
    driftNow: parts.drift.found - parts.drift.repaired,
    turn: summaryOf(agent, parts),
    ...(parts.previous === undefined ? {} : { previous: parts.previous }),
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
    const map = outerMap.spec.provision === 'Adopt' ? known.pin : known.ledger;
    outers.set(name, { map, programmed: known.programmed });
  }
  return outers;
}

function summaryOf({ memory, clock }: Agent, { outcomes, drift, started }: TurnParts): TurnSummary {
  const done = new Map<Verb | 'failed', number>();
  for (const { step, ok } of outcomes) {
    const what = ok ? step.verb : 'failed';
    done.set(what, (done.get(what) ?? 0) + 1);
  }
  const count = (what: Verb | 'failed') => done.get(what) ?? 0;
  memory.counters.turns++;
  return {
    number: memory.counters.turns,
    startedAt: new Date(started).toISOString(),
    milliseconds: clock.now() - started,
    steps: outcomes.length,
    inserted: count('insert'),
    replaced: count('replace'),
    edited: count('edit'),
    removed: count('remove'),
    failed: count('failed'),
    driftFound: drift.found,
    driftRepaired: drift.repaired,
  };
}
