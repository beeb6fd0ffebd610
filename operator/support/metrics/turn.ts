import type { Reason } from '../../api/reason.ts';
import type { Metrics, Sample } from './registry.ts';

const CHANGES = ['inserted', 'replaced', 'edited', 'removed'] as const;

/** One outer map. Its name is the only label that users choose: there are too many inner maps for one. */
export interface OuterMapMeasures {
  readonly name: string;
  readonly innerMaps: number;
  readonly entries: number;
  readonly kernelBytes: number;
  readonly failures: Readonly<Partial<Record<Reason, number>>>;
  /** Keys whose removal is held by the brake. */
  readonly heldKeys: number;
}

export interface TurnMeasures {
  readonly outerMaps: readonly OuterMapMeasures[];
  readonly stepSeconds: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Since the start. */
  readonly driftFound: number;
  readonly driftRepaired: number;
  /** Inner maps that this turn changed. */
  readonly changes?: Readonly<Record<(typeof CHANGES)[number], number>>;
}

export interface TurnMetrics {
  turned(turn: TurnMeasures): void;
  /** A turn threw. */
  broke(): void;
}

/** From a turn that read little to a first one of a million entries. */
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60] as const;
/** Few, as each is a series for each step of each node. */
const STEP_SECONDS = [0.001, 0.01, 0.1, 1, 10] as const;

export function turnMetrics(metrics: Metrics): TurnMetrics {
  const turns = metrics.counter('turns_total', 'Turns by how they ended', ['result']);
  const finished = finishedMetrics(metrics);
  const changed = metrics.counter('inner_map_changes_total', 'Inner maps changed in the kernel', ['change']);
  const found = metrics.total('drift_found_total', 'Differences that somebody else made');
  const repaired = metrics.total('drift_repaired_total', 'Differences that were repaired');
  const outerMaps = outerMapMetrics(metrics);
  // From 0 on, so that the first increase is seen as one
  for (const result of ['finished', 'broken']) turns({ result }, 0);
  for (const change of CHANGES) changed({ change }, 0);
  return {
    broke: () => turns({ result: 'broken' }),
    turned(turn) {
      turns({ result: 'finished' });
      finished(turn);
      outerMaps(turn.outerMaps);
      found(turn.driftFound);
      repaired(turn.driftRepaired);
      for (const change of CHANGES) changed({ change }, turn.changes?.[change] ?? 0);
    },
  };
}

function finishedMetrics(metrics: Metrics): (turn: TurnMeasures) => void {
  const whole = metrics.histogram('turn_duration_seconds', 'How long a turn took', { buckets: SECONDS });
  const steps = metrics.histogram('turn_step_duration_seconds', 'How long a step of a turn took', {
    buckets: STEP_SECONDS,
    labels: ['step'],
  });
  const last = metrics.gauge(
    'last_turn_timestamp_seconds',
    'End of the last turn that was finished, Unix time; 0 before the first',
  );
  return ({ seconds, stepSeconds }) => {
    whole(seconds);
    last(Date.now() / 1000);
    for (const [step, value] of Object.entries(stepSeconds)) steps(value, { step });
  };
}

function outerMapMetrics(metrics: Metrics): (outerMaps: readonly OuterMapMeasures[]) => void {
  const gauges = (name: string, help: string, more: readonly string[] = []) =>
    metrics.gauges(name, help, ['outer_map', ...more]);
  const innerMaps = gauges('programmed_inner_maps', 'Inner maps in the kernel as declared');
  const entries = gauges('programmed_entries', 'Entries of the inner maps in the kernel');
  const memory = gauges(
    'kernel_bytes',
    'Kernel memory of outer map and inner maps, reckoned by type and size',
  );
  const held = gauges('held_removals', 'Keys whose removal the brake holds');
  const failures = gauges('failures', 'Objects that are not in the kernel as declared', ['reason']);
  return outerMaps => {
    const each = (value: (measures: OuterMapMeasures) => number): readonly Sample[] =>
      outerMaps.map(measures => ({ labels: { outer_map: measures.name }, value: value(measures) }));
    innerMaps(each(measures => measures.innerMaps));
    entries(each(measures => measures.entries));
    memory(each(measures => measures.kernelBytes));
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
