import type { Mutant } from '../mutant.js';

const KEPT = ['dist/operator/agent/kept.test.js'];
const REMOVALS = 'operator/core/plan/removals.ts';

const kept: readonly Mutant[] = [
  {
    name: 'an InnerMap whose entries cannot be taken keeps whatever is at its key',
    file: REMOVALS,
    from: '(owner === undefined ? ours : owner === keeper)',
    to: '(owner === undefined || owner !== undefined || ours)',
    specs: KEPT,
  },
  {
    name: 'an InnerMap whose entries cannot be taken keeps nothing',
    file: REMOVALS,
    from: '(owner === undefined ? ours : owner === keeper)',
    to: '(owner === undefined ? ours && !ours : owner === `${keeper} `)',
    specs: KEPT,
  },
  {
    name: 'a foreign inner map is kept as one of an older version',
    file: REMOVALS,
    from: '(owner === undefined ? ours : owner === keeper)',
    to: '(owner === undefined || owner === keeper)',
    specs: KEPT,
  },
  {
    name: 'an inner map passes to another InnerMap with what is in it',
    file: 'operator/core/plan/keychanges.ts',
    from: 'return (owners.get(id) ?? inner.owner) !== inner.owner;',
    to: 'return owners.get(id) === `${inner.owner} `;',
    specs: KEPT,
  },
  {
    name: 'a restart forgets whose an inner map is',
    file: 'operator/ledger/reading.ts',
    from: 'if (owner !== undefined) owners?.set(map.id, owner);',
    to: 'if (owner === undefined) owners?.delete(map.id);',
    specs: KEPT,
  },
  {
    name: 'an object that is created again is taken for the one that was deleted',
    file: 'operator/core/desired/owner.ts',
    from: 'sha256(uid ?? `${namespace}/${name}`)',
    to: 'sha256(uid === undefined ? `${namespace}/${name}` : `${namespace}/${name}`)',
    specs: ['dist/operator/core/desired/owner.test.js', ...KEPT],
  },
];

export const removalsMutants: readonly Mutant[] = [...kept];
