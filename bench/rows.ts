import type { Goal, Line, Row } from './row.ts';

const MANY = ['--maps', '10000', '--entries', '100'] as const;
const LARGE = ['--maps', '1000', '--entries', '1000'] as const;

/** What a busy program counted and the map has not, after a million edits: outer and inner type. */
const LOST = [
  ['lostHashHash', 'increments lost by 1,000,000 edits, HashOfMaps of Hash'],
  ['lostHashArray', '  HashOfMaps of Array'],
  ['lostArrayHash', '  ArrayOfMaps of Hash'],
  ['lostArrayArray', '  ArrayOfMaps of Array'],
] as const;

/** Everything that is measured, in the order of the table. Limits are those of docs/performance.md. */
export const ROWS: readonly Row[] = [
  {
    ...against('apply-10000', ['apply', ...MANY]),
    go: ['apply', ...MANY],
    lines: [
      time('apply 10,000 inner maps × 100 entries', within(1.5)),
      time('  beside cilium/ebpf’s BatchUpdate', withinGo(1)),
      stall('  longest event-loop stall'),
      memory('  memory with them', 'rssMB', 122),
      memory('  memory at its peak', 'peakMB', 124),
    ],
  },
  {
    name: 'equal',
    ours: ['equal', ...MANY],
    beside: { title: 'all different', ours: ['apply', ...MANY] },
    lines: [
      time('  the same, all of equal contents', { kind: 'ratio', against: 'beside', times: 0.25 }),
      stall('  longest event-loop stall'),
    ],
  },
  {
    ...against('apply-1000', ['apply', ...LARGE]),
    go: ['apply', ...LARGE],
    lines: [
      time('apply 1,000 × 1,000', within(1.2)),
      time('  beside cilium/ebpf’s BatchUpdate', withinGo(1)),
      stall('  longest event-loop stall'),
    ],
  },
  {
    name: 'one-by-one',
    ours: ['apply', ...MANY],
    // 100 of the 10,000 maps: the whole takes one or two minutes.
    one: ['onebyone', '--maps', '100', '--entries', '100'],
    share: 0.01,
    lines: [time('apply 10,000 × 100, C one by one', { kind: 'faster', times: 100 })],
  },
  {
    name: 'json',
    ours: ['json', ...LARGE],
    two: ['bulk', 'apply', ...LARGE, '--threads', '2'],
    pins: true,
    lines: [
      time('1,000 × 1,000 from JSON', { kind: 'ratio', against: 'two', times: 3 }),
      stall('  longest event-loop stall'),
    ],
  },
  {
    name: 'yaml',
    ours: ['yaml', ...LARGE],
    // What sigs.k8s.io/yaml takes for them on two such cores.
    lines: [
      time('1,000 × 1,000 from YAML lists', { kind: 'atMost', limit: 3.7 }),
      stall('  longest event-loop stall'),
    ],
  },
  {
    ...against('change', ['change', '--of', '10000', '--change', '1000', '--entries', '100']),
    lines: [time('change 1,000 of 10,000 by swap', within(2)), stall('  longest event-loop stall')],
  },
  {
    ...against('drift', ['drift', ...MANY]),
    lines: [time('check 10,000 × 100 for drift', within(0.7)), stall('  longest event-loop stall')],
  },
  {
    ...against('fill', ['fill', '--entries', '1000000']),
    lines: [
      time('one inner map of 1,000,000 entries', { kind: 'ratio', against: 'two', times: 1.5 }),
      stall('  longest event-loop stall'),
    ],
  },
  {
    ...against('delete', ['delete', ...MANY]),
    lines: [time('delete 10,000 inner maps (HashOfMaps)', within(1.5)), stall('  longest event-loop stall')],
  },
  {
    name: 'delete-array',
    ours: ['delete-array', ...MANY],
    one: ['bulk', 'delete', ...MANY, '--outer', 'array', '--threads', '512'],
    pins: true,
    lines: [
      time('delete 10,000 (ArrayOfMaps; C: 512 threads)', within(1.5)),
      stall('  longest event-loop stall'),
    ],
  },
  {
    name: 'lost',
    native: true,
    once: true,
    ours: ['lost', '--edits', '1000000'],
    lines: LOST.map(([measure, title]) => ({
      title,
      unit: '',
      measure,
      worst: true,
      goal: { kind: 'atMost', limit: 0 },
    })),
  },
  {
    name: 'folder',
    ours: ['folder', '--files', '250', '--prefixes', '560000'],
    lines: [
      { title: '250 manifests, 560,000 prefixes: validate', unit: 's', measure: 'validate' },
      { title: '  plan', unit: 's', measure: 'plan' },
      { title: '  apply', unit: 's', measure: 'apply' },
      { title: '  plan again, empty', unit: 's', measure: 'planAgain' },
      { title: '  memory with them', unit: 'MB', measure: 'rssMB', worst: true },
      { title: '  memory at its peak', unit: 'MB', measure: 'peakMB', worst: true },
    ],
  },
  {
    name: 'edit',
    ours: ['edit', '--edits', '200'],
    lines: [median('one file edited → visible, p50', 3), tail('  p99 of 200', 20)],
  },
  {
    name: 'cluster',
    slow: true,
    ours: ['cluster', ...MANY],
    lines: [
      time('10,000 objects × 100 from an API server to an empty node', { kind: 'atMost', limit: 8 }),
      {
        title: '  told in its NodeMapState',
        unit: 's',
        measure: 'toldSeconds',
        goal: { kind: 'atMost', limit: 9 },
      },
      memory('  memory with them', 'rssMB', 200),
    ],
  },
  {
    name: 'cluster-change',
    slow: true,
    ours: ['cluster-change', '--edits', '200'],
    lines: [median('PATCH answered → visible, p50', 5), tail('  p99 of 200 at five a second', 25)],
  },
  {
    name: 'cluster-statuses',
    slow: true,
    ours: ['cluster-statuses', ...MANY],
    lines: [
      { title: 'statuses of 10,000 InnerMaps told', unit: 's', measure: 'seconds' },
      {
        title: '  beside bare status patches',
        unit: '×',
        measure: 'ratio',
        goal: { kind: 'atMost', limit: 1.5 },
      },
      memory('  memory of the controller', 'rssMB', 300),
    ],
  },
  {
    name: 'nodes',
    slow: true,
    ours: ['nodes', ...MANY, '--edits', '100', '--seconds', '60'],
    lines: [
      { title: 'kubectl apply → in the kernel of 3 real nodes, p50', unit: 'ms', measure: 'kernelP50Ms' },
      { title: '  p99 of 100', unit: 'ms', measure: 'kernelP99Ms', worst: true },
      { title: '  → status Ready, p50', unit: 'ms', measure: 'readyP50Ms' },
      { title: '  p99', unit: 'ms', measure: 'readyP99Ms', worst: true },
      { title: '  of which kubectl itself, p50', unit: 'ms', measure: 'kubectlP50Ms' },
      memory('  memory of the agent in its pod (RSS)', 'rssMB', 75),
      { title: '  of its cgroup, maps and page cache included', unit: 'MB', measure: 'podMB', worst: true },
      { title: '  processor time of an idle minute', unit: 's', measure: 'idleSeconds' },
      { title: '  start of its process → first turn', unit: 's', measure: 'startSeconds' },
      { title: 'last of 10,000 × 100 declared → told by all nodes', unit: 's', measure: 'lastSeconds' },
      memory('  memory of the agent with them (RSS)', 'loadedRssMB', 130),
      memory('  memory of the controller with them (RSS)', 'controllerRssMB', 130),
    ],
  },
  {
    name: 'start',
    ours: ['start'],
    beside: { title: 'node -e 0', node: ['-e', '0'] },
    lines: [
      time('start of the agent to its first turn', { kind: 'atMost', limit: 0.3 }),
      memory('  memory when idle', 'rssMB', 75),
    ],
  },
  {
    name: 'idle',
    slow: true,
    ours: ['idle', ...MANY, '--seconds', '60'],
    lines: [
      {
        title: 'processor time in an idle minute at 1,000,000 entries',
        unit: 's',
        measure: 'seconds',
        goal: { kind: 'atMost', limit: 0.3 },
      },
    ],
  },
  controllerRow('controller', '10,000 InnerMaps change, 5,000 nodes report: processor time', []),
  controllerRow('controller-selectors', '  the same with 200 node selectors', ['--selectors', '200']),
];

function controllerRow(name: string, title: string, more: readonly string[]): Row {
  return {
    name,
    slow: true,
    ours: ['controller', '--nodes', '5000', '--maps', '10000', '--entries', '100', ...more],
    lines: [
      // The nodes report within 10 s: 10 s of a processor are one core.
      time(title, { kind: 'atMost', limit: 10 }),
      {
        title: '  last report → last status right',
        unit: 's',
        measure: 'delaySeconds',
        worst: true,
        goal: { kind: 'atMost', limit: 10 },
      },
      stall('  longest event-loop stall'),
    ],
  };
}

/** The same work for all, pins included: C takes the same arguments. */
function against(name: string, work: readonly string[]): Omit<Row, 'lines'> {
  const c = (threads: string) => ['bulk', ...work, '--threads', threads];
  return { name, ours: work, one: c('1'), two: c('2'), pins: true };
}

function within(times: number): Goal {
  return { kind: 'ratio', against: 'one', times };
}

/** Faster than it. */
function withinGo(times: number): Goal {
  return { kind: 'ratio', against: 'go', times };
}

function time(title: string, goal: Goal): Line {
  return { title, unit: 's', measure: 'seconds', goal };
}

function stall(title: string): Line {
  return { title, unit: 'ms', measure: 'stallMs', worst: true, goal: { kind: 'atMost', limit: 20 } };
}

function median(title: string, limit: number): Line {
  return { title, unit: 'ms', measure: 'p50Ms', goal: { kind: 'atMost', limit } };
}

function tail(title: string, limit: number): Line {
  return { title, unit: 'ms', measure: 'p99Ms', worst: true, goal: { kind: 'atMost', limit } };
}

function memory(title: string, measure: string, limit: number): Line {
  return { title, unit: 'MB', measure, worst: true, goal: { kind: 'atMost', limit } };
}
