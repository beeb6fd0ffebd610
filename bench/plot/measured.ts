import { type Contestant, contestantsOf, prepared } from '../contestants.ts';
import { alternate } from '../measure.ts';
import type { Chart, Panel, Point } from './chart.ts';
import { SWEEPS, type Sweep } from './sweep.ts';

const NAMES: Readonly<Partial<Record<Contestant, string>>> = {
  ours: 'innermap-operator',
  one: 'C, one thread, batches',
  go: 'cilium/ebpf, BatchUpdate',
};

/** What takes milliseconds is measured more often: grace periods differ by as much as it takes. */
const SMALL_TIMES = 3;

interface Measuring {
  readonly runs: number;
  /** The machine. */
  readonly where: string;
  say(sentence: string): void;
}

/** Measures all sizes, each contestant's minimum. */
export async function measuredChart(measuring: Measuring): Promise<Chart> {
  const panels: Panel[] = [];
  for (const sweep of SWEEPS) panels.push(await measuredPanel(sweep, measuring));
  return {
    title: 'From encoded entries to all in the kernel, pins included',
    description:
      'Seconds against sizes, both in decades: the lower, the better. The flat part on the left is the grace period of one update of the outer map.',
    note: `Minima of ${measuring.runs} runs by turns, of small sizes ${SMALL_TIMES * measuring.runs}; ${measuring.where}`,
    panels,
  };
}

async function measuredPanel(sweep: Sweep, { runs, say }: Measuring): Promise<Panel> {
  const rows = prepared(sweep.sizes.map(sweep.row), say);
  const points = new Map<Contestant, Point[]>();
  for (const [at, row] of rows.entries()) {
    const often = sweep.isSmall(sweep.sizes[at]!) ? SMALL_TIMES * runs : runs;
    say(`${row.name}, ${often} runs`);
    const contestants = contestantsOf(row);
    const answers = await alternate([...contestants.values()], often);
    for (const [index, name] of [...contestants.keys()].entries()) {
      const seconds = answers[index]!['seconds']!.minimum;
      points.set(name, [...(points.get(name) ?? []), { size: sweep.sizes[at]!, seconds: rounded(seconds) }]);
    }
  }
  const series = [...points].map(([name, all]) => ({ name: NAMES[name]!, points: all }));
  return { title: sweep.title, axis: sweep.axis, series };
}

/** To four digits: more would be noise. */
function rounded(seconds: number): number {
  return Number(seconds.toPrecision(4));
}
