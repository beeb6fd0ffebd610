import type { Reason } from '../../api/reason.ts';
import type { Metrics, Sample } from './registry.ts';

export const TURN_STEPS = [
  'read',
  'desired',
  'observe',
  'plan',
  'apply',
  'fold',
  'report',
  'publish',
] as const;
export type TurnStep = (typeof TURN_STEPS)[number];
export type StepSeconds = Readonly<Partial<Record<TurnStep, number>>>;

const CHANGES = ['inserted', 'replaced', 'edited', 'removed'] as const;

/** What one outer map came to. Its name is the only label that users choose: inner maps are too many for one. */
export interface OuterMapMeasures {
  readonly name: string;
  readonly innerMaps: number;
  readonly entries: number;
  readonly failures: Readonly<Partial<Record<Reason, number>>>;
  /** Keys whose removal is held by the brake. */
  readonly heldKeys: number;
}

export interface TurnMeasures {
  readonly outerMaps: readonly OuterMapMeasures[];
  readonly stepSeconds: StepSeconds;
  readonly seconds: number;
  /** Since the start. */
  readonly driftFound: number;
  readonly driftRepaired: number;
  /** Inner maps that this turn changed, by how. */
  readonly changes?: Readonly<Partial<Record<(typeof CHANGES)[number], number>>>;
}

export interface TurnMetrics {
  turned(turn: TurnMeasures): void;
  broke(): void;
}

/** From a turn that looked at little to a first one of a million entries. */
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60] as const;
/** Few, as each is a series for each step of each node. */
const STEP_SECONDS = [0.001, 0.01, 0.1, 1, 10] as const;

export function turnMetrics(metrics: Metrics): TurnMetrics {
  const outcome = turnsOf(metrics);
  const changed = metrics.counter(
    { name: 'inner_map_changes_total', help: 'Inner maps changed in the kernel', labels: ['change'] },
    CHANGES.map(change => ({ change })),
  );
  const found = metrics.total({ name: 'drift_found_total', help: 'Differences that somebody else made' });
  const repaired = metrics.total({ name: 'drift_repaired_total', help: 'Differences that were repaired' });
  const outerMaps = outerMapMetrics(metrics);
  return {
    broke: () => outcome({ result: 'broken' }),
    turned(turn) {
      outcome({ result: 'finished' }, turn);
      outerMaps(turn.outerMaps);
      found(turn.driftFound);
      repaired(turn.driftRepaired);
      for (const change of CHANGES) changed({ change }, turn.changes?.[change] ?? 0);
    },
  };
}

type Outcome = { readonly result: 'finished' | 'broken' };

function turnsOf(metrics: Metrics): (outcome: Outcome, turn?: TurnMeasures) => void {
  const turns = metrics.counter(
    { name: 'turns_total', help: 'Turns by how they ended', labels: ['result'] },
    [{ result: 'finished' }, { result: 'broken' }],
  );
  const whole = metrics.histogram({ name: 'turn_duration_seconds', help: 'How long a turn took' }, SECONDS);
  const steps = metrics.histogram(
    { name: 'turn_step_duration_seconds', help: 'How long a step of a turn took', labels: ['step'] },
    STEP_SECONDS,
  );
  const last = metrics.gauge({
    name: 'last_turn_timestamp_seconds',
    help: 'End of the last turn that was finished, Unix time; 0 before the first',
  });
  return (outcome, turn) => {
    turns(outcome);
    if (turn === undefined) return;
    whole(turn.seconds);
    last(Date.now() / 1000);
    for (const step of TURN_STEPS) {
      const seconds = turn.stepSeconds[step];
      if (seconds !== undefined) steps(seconds, { step });
    }
  };
}

function outerMapMetrics(metrics: Metrics): (outerMaps: readonly OuterMapMeasures[]) => void {
  const gauges = (name: string, help: string, more: readonly string[] = []) =>
    metrics.gauges({ name, help, labels: ['outer_map', ...more] });
  const innerMaps = gauges('programmed_inner_maps', 'Inner maps in the kernel as declared');
  const entries = gauges('programmed_entries', 'Entries of the inner maps in the kernel');
  const held = gauges('held_removals', 'Keys whose removal the brake holds');
  const failures = gauges('failures', 'Objects that are not in the kernel as declared', ['reason']);
  return outerMaps => {
    const each = (value: (measures: OuterMapMeasures) => number): readonly Sample[] =>
      outerMaps.map(measures => ({ labels: { outer_map: measures.name }, value: value(measures) }));
    innerMaps(each(measures => measures.innerMaps));
    entries(each(measures => measures.entries));
    held(each(measures => measures.heldKeys));
    failures(outerMaps.flatMap(failuresOf));
  };
}

function failuresOf({ name, failures }: OuterMapMeasures): readonly Sample[] {
  return Object.entries(failures).map(([reason, value]) => ({
    labels: { outer_map: name, reason },
    value,
  }));
}
