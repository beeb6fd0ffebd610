import type { Mutant } from '../mutant.ts';

const AGE = { file: 'operator/agent/kernelage.ts', specs: ['dist/operator/agent/kernelage.test.js'] };
const TALLY = { file: 'e2e/vm/tally.ts', specs: ['dist/e2e/vm/vm.test.js'] };
const LEFTOVERS = { file: 'bin/leftovers.mjs', specs: ['dist/e2e/leftovers.test.js'] };

export const vmMutants: readonly Mutant[] = [
  {
    ...AGE,
    name: 'the oldest kernel that is promised is called too old',
    from: 'minor < least',
    to: 'minor <= least',
  },
  {
    ...AGE,
    name: 'a higher number behind a lower one counts as newer',
    from: 'major < since || (major === since && minor < least)',
    to: 'major < since || minor < least',
  },
  {
    ...TALLY,
    name: 'a spec that holds though it is known to fail is no failure',
    from: 'return this.fail(title, `     It holds',
    to: "return this.#count('passed', `     It holds",
  },
  {
    ...LEFTOVERS,
    name: 'what a killed run left is named and stays',
    from: '  if (found.length > 0) await takeAway();\n',
    to: '',
  },
];

const PROGRAMS = ['dist/bench/c/programs.test.js'];
const PLOT = ['dist/bench/plot/svg.test.js'];

export const benchMutants: readonly Mutant[] = [
  {
    name: 'C swaps without temporary pins',
    file: 'bench/c/pins.c',
    from: 'is_temporary ? "-new" : ""',
    to: 'is_temporary ? "" : ""',
    specs: PROGRAMS,
  },
  {
    name: 'C leaves the pins of what it deletes by batch',
    file: 'bench/c/bulk.c',
    from: '	for (uint32_t key = 0; key < bench->work.maps; key++)\n		unpin(&bench->work, key);\n',
    to: '',
    specs: PROGRAMS,
  },
  {
    name: 'C never renames a temporary pin',
    file: 'bench/c/bulk.c',
    from: '			settle_pin(&bench->work, map);',
    to: '			;',
    specs: PROGRAMS,
  },
  {
    name: 'all inner maps that the bench declares are equal',
    file: 'bench/ours/declared.ts',
    from: '(equal === true ? 0 : key * entries)',
    to: '(equal === true ? 0 : 0)',
    specs: ['dist/bench/ours/contents.test.js'],
  },
  {
    name: 'a target against cilium/ebpf stays where there is no Go',
    file: 'bench/contestants.ts',
    from: 'lines: row.lines.filter(line => !isOfGo(line))',
    to: 'lines: row.lines',
    specs: ['dist/bench/contestants.test.js'],
  },
  {
    name: 'a target against another work is judged against C',
    file: 'bench/table.ts',
    from: "goal?.kind === 'ratio' ? result[goal.against] : (two ?? one ?? beside)",
    to: '(two ?? one ?? beside)',
    specs: ['dist/bench/table.test.js'],
  },
  {
    name: 'the plot is not by decades',
    file: 'bench/plot/chart.ts',
    from: 'return (Math.log10(value) - from) / (to - from);',
    to: 'return value / 10 ** to;',
    specs: PLOT,
  },
  {
    name: 'the dear is drawn below the cheap',
    file: 'bench/plot/svg.ts',
    from: 'y: bottom - shareOf(seconds, costs) * PANEL.height,',
    to: 'y: PANEL.top + shareOf(seconds, costs) * PANEL.height,',
    specs: PLOT,
  },
];
