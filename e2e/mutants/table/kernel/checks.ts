import type { Mutant } from '../../mutant.ts';

const DUE = 'operator/agent/observe/dueinners.ts';
const DUES = 'dist/operator/agent/observe/dueinners.test.js';
const DIFFERING = 'dist/operator/agent/observe/differing.test.js';

const SETTLED = 'dist/operator/agent/settled.test.js';

/** What is looked at, and when. */
export const checkMutants: readonly Mutant[] = [
  {
    name: 'a sealed map is seldom looked at though programs write it',
    file: DUE,
    from: 'return sealed && (spec.flags & MAP_FLAGS.ReadOnlyProg) !== 0;',
    to: 'return sealed && (spec.flags & MAP_FLAGS.ReadOnlyProg) >= 0;',
    specs: [DUES],
  },
  {
    name: 'a sealed map that programs may only read is never looked at again',
    file: DUE,
    from: 'check % SELDOM === SELDOM - 1',
    to: 'check % SELDOM === SELDOM',
    specs: [DUES, DIFFERING],
  },
  {
    name: 'what a slice has of the next check counts for the one before',
    file: DUE,
    from: 'at < keys.length ? checks : checks + 1',
    to: 'checks',
    specs: [DUES],
  },
  {
    name: 'a size that was not seen counts as the declared one',
    file: 'operator/core/plan/compared.ts',
    from: 'return sealed || (!isArray',
    to: 'return sealed && (!isArray',
    specs: ['dist/operator/agent/adopt.test.js'],
  },
  {
    name: 'what was read of a settled outer map is not looked at',
    file: 'operator/agent/observe/observe.ts',
    from: 'isSettled && readings.size > 0 ? undefined : known.settled',
    to: 'known.settled',
    specs: [SETTLED],
  },
  {
    name: 'each resync after a write looks at every key',
    file: 'operator/agent/observe/outer.ts',
    from: 'isAnother && known.template !== undefined',
    to: 'isAnother',
    specs: [SETTLED],
  },
  {
    name: 'entries that others took away are not looked for',
    file: 'operator/agent/observe/outer.ts',
    from: 'if (hasOtherEntries || isNews) unsettle(known);',
    to: 'if (isNews) unsettle(known);',
    specs: [SETTLED],
  },
  {
    name: 'pins that others took away are not looked for',
    file: 'operator/agent/observe/outer.ts',
    from: 'if (hasOtherEntries || isNews) unsettle(known);',
    to: 'if (hasOtherEntries) unsettle(known);',
    specs: [SETTLED],
  },
  {
    name: 'a listing that does not fit is taken as it is',
    file: 'native/bulk/list.c',
    from: 'return -ENOSPC;',
    to: 'return 0;',
    specs: ['dist/operator/kernel/libbpf/libbpf.test.js'],
  },
  {
    name: 'what is below a symlink is listed',
    file: 'native/bulk/list.c',
    from: ' | O_NOFOLLOW',
    to: '',
    specs: ['dist/operator/kernel/libbpf/libbpf.test.js'],
  },
  {
    name: 'pins that this process made are not looked at again',
    file: 'operator/agent/fold.ts',
    from: '  known.listing = undefined;\n',
    to: '',
    specs: [SETTLED],
  },
];
