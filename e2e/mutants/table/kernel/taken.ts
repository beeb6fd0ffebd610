import type { Mutant } from '../../mutant.ts';

const TAKEN = ['dist/operator/agent/taken.test.js'];
const UNTOUCHED = ['dist/operator/agent/untouched.test.js'];
const JUDGE = 'operator/core/plan/verdict/judge.ts';

export const taken: readonly Mutant[] = [
  {
    name: 'what is found right is nobody’s',
    file: 'operator/core/plan/keychanges.ts',
    from: 'if (staysThere(verdict))',
    to: 'if (staysThere(verdict) && verdict?.verb === undefined)',
    specs: TAKEN,
  },
  {
    name: 'a record of an id proves nothing after a restart',
    file: 'operator/ledger/reading.ts',
    from: 'putRecord(known, file, id);',
    to: '',
    specs: TAKEN,
  },
  {
    name: 'clean takes what was taken over away from its program',
    file: 'operator/ledger/removal.ts',
    from: 'if (owners.has(id)) made.push(key);',
    to: 'if (id > 0) made.push(key);',
    specs: TAKEN,
  },
  {
    name: 'the record beside its place stays after a crash',
    file: 'operator/core/ledger/innerpin.ts',
    from: '/^[0-9a-f]+~?$/',
    to: '/^[0-9a-f]+$/',
    specs: TAKEN,
  },
  {
    name: 'what others made counts as memory of the operator',
    file: JUDGE,
    from: 'programmed: { id, inner, made } } as const',
    to: 'programmed: { id, inner, made: true } } as const',
    specs: TAKEN,
  },
  {
    name: 'what cannot be read is replaced',
    file: JUDGE,
    from: 'return made || isRepair ? replace : unlessAsked(replace, id, reading);',
    to: 'return replace;',
    specs: UNTOUCHED,
  },
  {
    name: 'a ring buffer of another size is replaced',
    file: JUDGE,
    from: 'if (inner.innerMap.spec.replaceUnreadable === true) return replace;',
    to: 'return replace;',
    specs: UNTOUCHED,
  },
  {
    name: 'a map of ours that somebody replaced by one that cannot be read stays away',
    file: JUDGE,
    from: 'last?.made === true && hasContents(inner.spec.type)',
    to: 'false',
    specs: UNTOUCHED,
  },
  {
    name: 'what goes is said of no removal',
    file: 'operator/core/plan/going.ts',
    from: 'return step.foreign === undefined ? undefined : awayText(step.foreign);',
    to: 'return undefined;',
    specs: TAKEN,
  },
];
