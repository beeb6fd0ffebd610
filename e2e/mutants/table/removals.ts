import type { Mutant } from '../mutant.ts';

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
    to: '(owner === undefined ? ours && !ours : owner === keeper + keeper)',
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
    file: 'operator/core/plan/before.ts',
    from: 'return (ownerAt(inner.keyHex, id, found) ?? inner.owner) !== inner.owner;',
    to: 'return ownerAt(inner.keyHex, id, found) === inner.owner + inner.owner;',
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
    from: 'sha256(uid ?? `',
    to: 'sha256(uid?.slice(0, 0) || `',
    specs: ['dist/operator/core/desired/owner.test.js', ...KEPT],
  },
];

const BRAKE = ['dist/operator/agent/brake.test.js'];

const brake: readonly Mutant[] = [
  {
    name: 'the brake lets one more key go than maxRemoval and the free ten allow',
    file: REMOVALS,
    from: 'many <= allowedOf(of, maxRemoval)',
    to: 'many <= allowedOf(of, maxRemoval) + 1',
    specs: ['dist/operator/core/plan/removals.test.js'],
  },
  {
    name: 'the brake counts a share of what is left, not of what was there',
    file: REMOVALS,
    from: 'const of = present + recent;',
    to: 'const of = present;',
    specs: ['dist/operator/core/plan/removals.test.js'],
  },
  {
    name: 'a restart ends the brake’s minute',
    file: 'operator/agent/observe/outer.ts',
    from: 'known.removals ??= removalsAt(kernel.pins, paths.removed);',
    to: 'known.removals ??= removalsAt(kernel.pins, paths.spec);',
    specs: BRAKE,
  },
  {
    name: 'a removal is recorded after it happened',
    file: 'operator/agent/apply/remove.ts',
    from: '    context.recordRemoval(name, going.length);\n',
    to: '    setTimeout(() => context.recordRemoval(name, going.length), 0);\n',
    specs: BRAKE,
  },
  {
    name: 'a restart counts what a token released',
    file: 'operator/agent/apply/context.ts',
    from: 'released.has(outer) ? [] :',
    to: 'released.has(outer + outer) ? [] :',
    specs: BRAKE,
  },
  {
    name: 'the brake’s minute is by the clock that people set',
    file: 'operator/agent/turn.ts',
    from: '[clock.now(), clock.uptime()]',
    to: '[clock.now(), clock.now()]',
    specs: BRAKE,
  },
];

const ENTRIES = ['dist/operator/core/brake/entries.test.js', 'dist/operator/agent/brakeentries.test.js'];

const entries: readonly Mutant[] = [
  {
    name: 'the brake lets one more entry go than it may',
    file: 'operator/core/brake/entries.ts',
    from: 'gone.length <= allowedOf(there.count, maxRemoval)',
    to: 'gone.length <= allowedOf(there.count, maxRemoval) + 1',
    specs: ENTRIES,
  },
  {
    name: 'a repair is held as a loss',
    file: 'operator/core/plan/keychanges.ts',
    from: "return cause === 'drift' || (verb",
    to: "return (cause === 'drift' && verb === 'insert') || (verb",
    specs: ENTRIES,
  },
  {
    name: 'what programs wrote is held as a loss',
    file: 'operator/core/plan/before.ts',
    from: 'if (last?.id === id) return last.inner.entries;',
    to: 'if (last?.id === id) return entriesRead(inner, found) ?? last.inner.entries;',
    specs: ENTRIES,
  },
  {
    name: 'after a restart what programs wrote into an AtLeast map is held as a loss',
    file: 'operator/core/plan/before.ts',
    from: 'return inner.exact ? entriesRead(inner, found) : undefined;',
    to: 'return entriesRead(inner, found);',
    specs: ENTRIES,
  },
  {
    name: 'a failed step forgets what was declared',
    file: 'operator/agent/fold.ts',
    from: 'if (last !== undefined) doubted.set(keyHex, last);',
    to: 'if (last === undefined) doubted.delete(keyHex);',
    specs: ENTRIES,
  },
  {
    name: 'a turn that threw forgets what was declared',
    file: 'operator/agent/memory.ts',
    from: 'doubted: new Map([...doubted, ...programmed])',
    to: 'doubted: new Map(doubted.size < 0 ? programmed : doubted)',
    specs: ['dist/operator/agent/run.test.js'],
  },
  {
    name: 'what another InnerMap declared at the key is held as a loss',
    file: 'operator/core/plan/before.ts',
    from: '|| isOfAnother(inner, id, found)) return undefined;',
    to: '|| isOfAnother(inner, -1, found)) return undefined;',
    specs: ENTRIES,
  },
  {
    name: 'a restart believes any contents of a map that must be made anew',
    file: 'operator/core/plan/compared.ts',
    from: "{ kind: 'otherMap', spec: found.spec, seen: found.entries }",
    to: "{ kind: 'otherMap', spec: found.spec, seen: inner.entries }",
    specs: ENTRIES,
  },
  {
    name: 'a held write is made all the same',
    file: 'operator/core/plan/plan.ts',
    from: 'if (isReleased(each.held)) writes',
    to: 'if (isReleased(each.held) !== undefined) writes',
    specs: ENTRIES,
  },
];

const FOUND = 'dist/operator/core/compare/found.test.js';
const TURN = ['dist/operator/agent/turn.test.js'];

const drift: readonly Mutant[] = [
  {
    name: 'a drift is forgotten before everything was checked again',
    file: 'operator/agent/apply/drift.ts',
    from: 'checked >= WHOLE',
    to: 'checked + 1 >= WHOLE',
    specs: TURN,
  },
  {
    name: 'a pin put back is told by nobody',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: "found.pinned ? 'drift' : 'declared'",
    to: "found.pinned ? 'declared' : 'declared'",
    specs: TURN,
  },
  {
    name: 'a pin that moves is told as drift',
    file: 'operator/agent/observe/outer.ts',
    from: 'if (pinPath !== known.pinPath) known.pinned = false;',
    to: '',
    specs: TURN,
  },
  {
    name: 'what programs own of the second CPU’s value is told as drift',
    file: 'operator/core/compare/entries.ts',
    from: 'mask[byte % step]',
    to: 'mask[byte % (step + stride)]',
    specs: [FOUND],
  },
];

const SLIPS = ['dist/operator/agent/slips.test.js'];
const REPORT = { file: 'operator/core/report/nodereport.ts', specs: SLIPS };

const slips: readonly Mutant[] = [
  {
    name: 'a deleted OuterMap is let go although what is wanted is incomplete',
    file: 'operator/core/plan/plan.ts',
    from: 'if (!policy.mayRemove) return { ...draft, waiting: innerPins.length };',
    to: '',
    specs: SLIPS,
  },
  {
    name: 'a refused replacement’s temporary pin stays',
    file: 'operator/agent/apply/write.ts',
    from: 'failures === undefined || failures.has(at) ? discarding : wave.held',
    to: 'failures === undefined ? discarding : failures.has(at) ? () => ({}) : wave.held',
    specs: SLIPS,
  },
  {
    name: 'pins are unlinked before the outer entries are deleted',
    file: 'operator/agent/apply/remove.ts',
    from: '    const removing = context.kernel.remove(',
    to: '    await context.kernel.settle(pins.directory, pins.names.map(unlink => ({ unlink: unlink! })));\n    const removing = context.kernel.remove(',
    specs: SLIPS,
  },
  {
    name: 'a lost pin is made again though nothing proves the stranger there ours',
    file: 'operator/core/plan/outer/outerchanges.ts',
    from: 'return [...pins.values()].some(id => inside.has(id));',
    to: 'return [...pins.values()].some(id => inside.has(id) || id > 0);',
    specs: SLIPS,
  },
  {
    ...REPORT,
    name: 'the watermark advances while an outer map is unsettled',
    from: ' && unsettled?.has(name) !== true',
    to: " && unsettled?.has('') !== true",
  },
  {
    ...REPORT,
    name: 'the watermark advances while an outer map cannot be read',
    from: ' && unreadable?.has(name) !== true',
    to: " && unreadable?.has('') !== true",
  },
  {
    name: 'the watermark is read after encoding instead of with the set',
    file: 'operator/source/cluster/inners.ts',
    from: '    const seen = this.#reflector.resourceVersion;\n    const watermark =',
    to: '    if (this.#last?.of !== snapshot) this.#last = { of: snapshot, inners: await this.#encoded(snapshot) };\n    const seen = this.#reflector.resourceVersion;\n    const watermark =',
    specs: ['dist/operator/source/cluster/cluster.test.js'],
  },
  {
    name: 'the first namespace’s rules are remembered for every namespace',
    file: 'operator/core/items.ts',
    from: 'if (last?.key !== key) last',
    to: 'if (last === undefined) last',
    specs: ['dist/operator/core/access/access.test.js'],
  },
];

export const removalsMutants: readonly Mutant[] = [...kept, ...brake, ...entries, ...drift, ...slips];
