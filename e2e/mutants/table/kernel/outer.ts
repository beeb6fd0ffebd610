import type { Mutant } from '../../mutant.ts';

const MANY = 'dist/operator/kernel/libbpf/many.test.js';
const CONTRACT = ['dist/operator/kernel/libbpf/libbpf.test.js'];
const AGED = 'dist/e2e/ages/outermaps.test.js';
const SINGLES = 'operator/kernel/libbpf/outer/singles.ts';

export const outerMutants: readonly Mutant[] = [
  {
    name: 'what a later call answers stands where the first one answered',
    file: SINGLES,
    from: 'answers.subarray(from, to)',
    to: 'answers.subarray(0, to - from)',
    specs: [MANY],
  },
  {
    name: 'only the keys of the first call are looked up',
    file: SINGLES,
    from: 'call(part(pairs, from, to), answers',
    to: 'call(part(pairs, 0, to - from), answers',
    specs: [AGED],
  },
  {
    name: 'pins of a later call’s keys stay, and those of the first go twice',
    file: SINGLES,
    from: 'pinNames(pins, from, count)',
    to: 'pinNames(pins, 0, count)',
    specs: CONTRACT,
  },
  {
    name: 'the pin of a key that was gone already stays',
    file: 'native/bulk/outer/each.c',
    from: '(answer == 0 || answer == -ENOENT)',
    to: '(answer == 0)',
    specs: CONTRACT,
  },
  {
    name: 'pins that went with their keys are unlinked once more, and others not',
    file: 'operator/kernel/libbpf/outer/write.ts',
    from: 'unpinned[index] === 1 || failures.has(index)',
    to: 'unpinned[index] === 0 || failures.has(index)',
    specs: CONTRACT,
  },
  {
    name: 'the pin of a key that could not be removed goes',
    file: 'native/bulk/outer/each.c',
    from: ' && (answer == 0 || answer == -ENOENT)',
    to: '',
    specs: CONTRACT,
  },
  {
    name: 'calls that wait for a grace period wait one after the other',
    file: 'native/bulk/outer/each.c',
    from: 'crew_run(CREW_MOST, count',
    to: 'crew_run(1, count',
    specs: [AGED],
  },
  {
    name: 'one thread that cannot be had ends the process',
    file: 'native/bulk/outer/crew.c',
    from: '\treturn error == 0;',
    to: '\treturn error == 0 || (_exit(9), false);',
    specs: ['dist/operator/kernel/libbpf/limits.test.js'],
  },
  {
    name: 'the thread that calls leaves its part to others',
    file: 'native/bulk/outer/crew.c',
    from: '\twork(&crew);\n',
    to: '',
    specs: ['dist/operator/kernel/libbpf/libbpf.test.js'],
  },
];
