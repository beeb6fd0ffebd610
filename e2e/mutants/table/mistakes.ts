import type { Mutant } from '../mutant.ts';

const ENCODED = { file: 'operator/core/encodedinner.ts', specs: ['dist/e2e/encodedinner.test.js'] };
const REMAINDER = { file: 'operator/core/desired/remainder.ts', specs: ['dist/e2e/encodedinner.test.js'] };
const DOCUMENTS = {
  file: 'operator/source/folder/text/documents.ts',
  specs: ['dist/operator/source/folder/text/documents.test.js'],
};
const OFFSETS = { ...DOCUMENTS, file: 'operator/source/folder/text/offsets.ts' };
const VALIDATED = ['dist/e2e/validate.test.js'];

/** One mistake of an InnerMap hides another. */
export const mistakesMutants: readonly Mutant[] = [
  {
    ...ENCODED,
    name: 'a refused entry hides wrong values',
    from: "return invalid('InvalidEntries', refused, encoded);",
    to: "return invalid('InvalidEntries', refused);",
  },
  {
    ...ENCODED,
    name: 'a maxEntries that the layout does not take hides wrong values',
    from: '[...refused, ...spec.problems], encoded);',
    to: '[...refused, ...spec.problems]);',
  },
  {
    ...REMAINDER,
    name: 'a wrong field of the spec hides wrong values',
    from: 'Object.hasOwn(spec, field) && !wrong.has(field)',
    to: 'Object.hasOwn(spec, field)',
  },
  {
    ...REMAINDER,
    name: 'what an entry lacks is told twice',
    from: 'return { key: key ?? undefined, value: value ?? undefined };',
    to: 'return { key: key ?? null, value: value ?? null };',
  },
  {
    name: 'contents with an absent value count as encoded',
    file: 'operator/core/codec/content.ts',
    from: 'if (absent.key || absent.value) return invalid(sheet);',
    to: 'if (absent.key) return invalid(sheet);',
    specs: ['dist/operator/core/codec/absent.test.js'],
  },
  {
    name: 'a wrong key hides wrong values on a node and in the cluster',
    file: 'operator/core/desired/compile.ts',
    from: "const told = content.kind === 'invalid' ?",
    to: "const told = content.kind === 'invalid' && content.message === '' ?",
    specs: ['dist/e2e/encodedinner.test.js'],
  },
  {
    name: 'wrong values hide that the key is not allowed',
    file: 'operator/cli/validate/findings.ts',
    from: "claim?.kind === 'rejected'",
    to: "claim?.kind === 'rejected' && content.details === undefined",
    specs: VALIDATED,
  },
  {
    name: 'an object that is refused is not read again once its OuterMap is known',
    file: 'operator/source/folder/manifests.ts',
    from: "this.#encodedBy[innerMap.spec.outerMap] = layout?.digest ?? '';",
    to: "if (inner.refused === undefined) this.#encodedBy[innerMap.spec.outerMap] = layout?.digest ?? '';",
    specs: ['dist/operator/source/folder/refused.test.js'],
  },
  {
    ...DOCUMENTS,
    name: 'the line of each item of a List is counted from the beginning',
    from: 'whole.line = start;',
    to: '',
  },
  {
    ...DOCUMENTS,
    name: 'what an alias stands for is placed at its item',
    from: 'offset < base.offset ? undefined : base',
    to: 'base',
  },
  {
    ...OFFSETS,
    name: 'a List is read for each of its items',
    from: 'levels ??=',
    to: 'levels =',
  },
  {
    ...OFFSETS,
    name: 'an item of a List in a List has the place of an item of another',
    from: 'level[offset]! >= start',
    to: 'level[offset]! >= chunk.start',
    specs: ['dist/operator/source/folder/text/offsets.test.js'],
  },
];

const KEPT = ['dist/operator/agent/kept.test.js'];
const MISTAKES = ['dist/operator/source/folder/mistakes.test.js'];
const REMOVALS = 'operator/core/plan/removals.ts';
const ASSEMBLY = 'operator/source/folder/assembly.ts';

export const standingMutants: readonly Mutant[] = [
  {
    name: 'an InnerMap that moved to a key of another loses its former one',
    file: 'operator/core/desired/desired.ts',
    from: "reason === 'KeyConflict')",
    to: "reason === 'KeyNotAllowed')",
    specs: KEPT,
  },
  {
    name: 'the loser of a conflict keeps its contents at the key of an InnerMap that cannot be taken',
    file: REMOVALS,
    from: 'if (ours && keeper === undefined && isDisplaced',
    to: 'if (ours && isDisplaced',
    specs: KEPT,
  },
  {
    name: 'the loser of a conflict keeps a key that access denies it',
    file: REMOVALS,
    from: 'return innerMap !== undefined && access.mayDeclare(innerMap.metadata.namespace, bytesOf(keyHex));',
    to: 'return innerMap !== undefined && access.mayDeclare !== undefined && bytesOf(keyHex) !== undefined;',
    specs: KEPT,
  },
  {
    name: 'a conflict with a stranger holds the removals of a good file',
    file: ASSEMBLY,
    from: "|| (by === 'conflict' && isMoved(inner));",
    to: "|| by === 'conflict';",
    specs: MISTAKES,
  },
  {
    name: 'a typo in the key that hits another InnerMap takes the rest of the file out',
    file: ASSEMBLY,
    from: "|| (by === 'conflict' && isMoved(inner));",
    to: ';',
    specs: MISTAKES,
  },
  {
    name: 'an InnerMap that access denies its key holds the removals of its file',
    file: ASSEMBLY,
    from: 'return !unmoved.has(inner) && mayBeAnother(inner, part);',
    to: 'return !unmoved.has(inner) && (mayBeAnother(inner, part) || part.inners.length > 0);',
    specs: MISTAKES,
  },
  {
    name: 'a typo in the namespace is an InnerMap that was taken out',
    file: ASSEMBLY,
    from: "'innerMap' in item && !own.has(identity) && isSamePlace(item, inner)",
    to: "'outerMap' in item && !own.has(identity) && item.origin === inner.origin",
    specs: MISTAKES,
  },
  {
    name: 'a file that was edited while its OuterMap was away is never encoded again',
    file: 'operator/source/folder/collector.ts',
    from: "if (prefer === 'own') for (const path of paths) this.#readFor.delete(path);",
    to: '',
    specs: ['dist/operator/source/folder/changes.test.js'],
  },
];

/** Slips in what a turn counts and orders in one pass. */
export const onePassMutants: readonly Mutant[] = [
  {
    name: 'an InnerMap whose former contents stay counts as one that is as declared',
    file: 'operator/core/report/outer/sizes.ts',
    from: 'held === undefined && inners.get(inner.keyHex) === inner',
    to: 'held === undefined',
    specs: ['dist/operator/agent/failing.test.js', 'dist/operator/agent/brakeentries.test.js'],
  },
  {
    name: 'what an LRU map evicted counts as there',
    file: 'operator/core/report/outer/sizes.ts',
    from: 'held === undefined && inners.get(inner.keyHex) === inner',
    to: 'inners.get(inner.keyHex) === inner',
    specs: ['dist/operator/agent/lru.test.js'],
  },
  {
    name: 'only the selectors of InnerMaps for this node tell which labels were looked at',
    file: 'operator/core/desired/desired.ts',
    from: 'selectors.add(nodeSelector);',
    to: 'if (selects(nodeSelector, node.labels)) selectors.add(nodeSelector);',
    specs: ['dist/operator/core/desired/desired.test.js'],
  },
  {
    name: 'drift whose repair failed counts as repaired',
    file: 'operator/agent/apply/outcome.ts',
    from: 'if (outcome.ok) tally.repaired += 1;',
    to: 'tally.repaired += 1;',
    specs: ['dist/operator/agent/brakeentries.test.js'],
  },
  {
    name: 'keys that begin alike stay in the order in which they came',
    file: 'operator/core/plan/order.ts',
    from: 'if (items.length - from < 2) return;',
    to: 'if (items.length - from > 0) return;',
    specs: ['dist/operator/core/plan/order.test.js'],
  },
];
