/** Specs that are run together in a machine; paths are below dist/. */
export interface SpecSet {
  readonly files: readonly string[];
  readonly leaveOut?: readonly string[];
  /** Suites that begin so are left out. */
  readonly without?: string;
  /** Only specs with these words are run. */
  readonly only?: string;
}

const KERNEL = 'operator/kernel/libbpf';
/** Those of e2e/agent that start a hundred processes, which take emulation a quarter of an hour each. */
const SLOW = ['crash', 'chaos', 'commands', 'refused'].map(name => `e2e/agent/${name}.test.js`);

/** What `npm run vm` knows by name. */
export const SETS: Readonly<Record<string, SpecSet>> = {
  // The fake is the same everywhere
  contract: { files: [`${KERNEL}/libbpf.test.js`], without: 'FakeKernel' },
  // What fallback.test.js holds of older kernels is the kernel itself here
  kernel: {
    files: [`${KERNEL}/**/*.test.js`],
    leaveOut: ['libbpf', 'many', 'fallback'].map(name => `${KERNEL}/${name}.test.js`),
  },
  many: { files: [`${KERNEL}/many.test.js`] },
  likeness: { files: ['operator/kernel/testing/fake/likeness.test.js'] },
  wave: { files: ['e2e/vm/waves.test.js'], only: 'of 4000' },
  waves: { files: ['e2e/vm/waves.test.js'] },
  agent: { files: ['e2e/vm/starts.test.js', 'e2e/agent/*.test.js'], leaveOut: SLOW },
  slow: { files: SLOW },
  // Programs that others wrote and loaded: docs/your-program.md has the list
  programs: { files: ['e2e/program/programs.test.js'] },
  // Without those that measure this machine: 560,000 prefixes, a million cycles
  program: {
    files: ['e2e/program/*.test.js'],
    leaveOut: ['feeds', 'cycles', 'programs'].map(name => `e2e/program/${name}.test.js`),
  },
};

/** What runs where none is named: all but what takes emulation hours. */
export const USUAL: readonly string[] = ['contract', 'kernel', 'waves', 'agent', 'programs', 'program'];

/** What `npm test` runs: twelve minutes at most. */
export const OF_SUITE: readonly string[] = ['contract', 'kernel', 'wave'];
