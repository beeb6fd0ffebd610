import type { Mutant } from '../mutant.ts';

const ENCODED = { file: 'operator/core/encodedinner.ts', specs: ['dist/e2e/encodedinner.test.js'] };
const REMAINDER = { file: 'operator/core/desired/remainder.ts', specs: ['dist/e2e/encodedinner.test.js'] };
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
    from: "content.kind === 'invalid' ? `${message}; ${content.message}` : message",
    to: "content.kind === 'pending' ? `${message}; ${content.kind}` : message",
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
];
