import type { Mutant } from '../mutant.ts';

const EQUAL = ['dist/operator/agent/equal.test.js'];
const KEPT = ['dist/operator/agent/kept.test.js'];

const REDESIRED = 'operator/core/desired/redesired.ts';

/** Slips in what is taken for equal: contents of several keys, or all of a turn and the one before. */
export const equalMutants: readonly Mutant[] = [
  {
    name: 'inner maps into which programs write are shared',
    file: 'operator/core/desired/compile.ts',
    from: 'return ownedMask === undefined && count > 0 &&',
    to: 'return (ownedMask === undefined || count > 0) && count > 0 &&',
    specs: EQUAL,
  },
  {
    name: 'a shared inner map stays shared when programs may own a field of it',
    file: 'operator/core/plan/verdict/judge.ts',
    from: 'proof?.sharer !== undefined && !inner.isShareable',
    to: 'proof?.sharer !== undefined && !inner.isShareable && !ours',
    specs: EQUAL,
  },
  {
    name: 'an inner map at two keys is edited in place',
    file: 'operator/core/plan/verdict/judge.ts',
    from: 'found.standsTwice(id)',
    to: '(found.standsTwice(id) && !ours)',
    specs: ['dist/operator/agent/vandals.test.js'],
  },
  {
    name: 'a map of others at many keys is of the InnerMap that was looked at last',
    file: 'operator/core/plan/before.ts',
    from: '(taken?.id === id ? taken.owner : undefined)',
    to: '[...found.taken.values()].findLast(one => one.id === id)?.owner',
    specs: ['dist/operator/agent/adopt.test.js'],
  },
  {
    name: 'what is kept at a key is told by the name of an inner map that is of many',
    file: 'operator/core/plan/removals.ts',
    from: 'const owner = ownerAt(keyHex, id, found);',
    to: 'const owner = ownerAt(keyHex, id, { ...found, sharers: new Map() });',
    specs: KEPT,
  },
  {
    name: 'the pin before stays beside the one that is settled under another name',
    file: 'operator/core/plan/outer/pinchanges.ts',
    from: 'found.pins.has(name) && fileOf(name) !== to',
    to: 'found.pins.has(name) && fileOf(name) === to',
    specs: EQUAL,
  },
  {
    name: 'of two pins of a key the one with an owner proves it',
    file: 'operator/ledger/reading.ts',
    from: 'if (sharer !== undefined) {\n      pins.set(file, id);',
    to: 'if (sharer === undefined) {\n      pins.set(file, id);',
    specs: ['dist/operator/ledger/reading.test.js'],
  },
  {
    name: 'drift of a shared inner map is put right at the keys that were looked at',
    file: 'operator/agent/observe/observe.ts',
    from: "if (each.reading.kind !== 'same') differing.set",
    to: "if (each.reading.kind === 'same') differing.set",
    specs: EQUAL,
  },
  {
    name: 'a pin that cannot be made costs all keys of an inner map theirs',
    file: 'operator/agent/apply/write.ts',
    from: 'else if (isStarved(map) || share.length === 1)',
    to: 'else if (isStarved(map) || share.length > 0)',
    specs: EQUAL,
  },
  {
    name: 'contents that were made to collide are compared with all of them',
    file: 'operator/core/desired/sharing.ts',
    from: 'hashed.length < COMPARED',
    to: 'hashed.length >= 0',
    specs: ['dist/operator/core/desired/sharing.test.js'],
  },
  {
    name: 'an inner map counts once for each of its keys',
    file: 'operator/core/report/outer/sizes.ts',
    from: 'if (shares) counted.add(id);',
    to: 'if (!shares) counted.add(id);',
    specs: ['dist/operator/agent/kernelbytes.test.js'],
  },
  {
    name: 'an inner map that came is taken though another has its key',
    file: REDESIRED,
    from: 'before === undefined ? inners.has(claim.keyHex) : last?.keyHex !== claim.keyHex',
    to: 'before !== undefined && last?.keyHex !== claim.keyHex',
    specs: ['dist/operator/core/desired/redesired.test.js'],
  },
  {
    name: 'one that could not be used before is nothing new',
    file: REDESIRED,
    from: '    rejections.length === 0 &&\n',
    to: '',
    specs: ['dist/operator/core/desired/redesired.test.js'],
  },
  {
    name: 'all stays as it was though contents were read',
    file: 'operator/agent/observe/observe.ts',
    from: 'if (due.contentShare > 0 && !isSettled) unsettle(known);',
    to: '',
    specs: ['dist/operator/agent/settled.test.js'],
  },
  {
    name: 'all stays as it was though the outer map was read anew',
    file: 'operator/agent/observe/outer.ts',
    from: '  if (known.stale) unsettle(known);\n',
    to: '',
    specs: ['dist/operator/agent/settled.test.js'],
  },
];
