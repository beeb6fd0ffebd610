import type { Mutant } from '../../mutant.ts';

const spec = (path: string) => [`dist/operator/core/${path}.test.js`];
const PARSER = 'operator/core/types/parser/';
const PASTED = spec('types/pasted');
const UNION = spec('codec/union');
const COMPILER = spec('types/compiler');

/** Slips in the reading of C declarations: another layout than the program's, or a word that nobody understood. */
export const declarationMutants: readonly Mutant[] = [
  {
    name: 'a second type behind the words of C is the name of a field',
    file: `${PARSER}specifier.ts`,
    from: 'if (base !== undefined && isTypeWord(name.text))',
    to: 'if (base !== undefined && name.offset < 0)',
    specs: PASTED,
  },
  {
    name: 'a bit-field crosses a boundary of its type',
    file: 'operator/core/types/struct.ts',
    from: 'return crosses && !packed ?',
    to: 'return crosses && packed ?',
    specs: COMPILER,
  },
  {
    name: 'bits without a name align the struct',
    file: 'operator/core/types/struct.ts',
    from: "packed || (width !== undefined && name === '') ? 1",
    to: "packed || (width !== undefined && name === ' ') ? 1",
    specs: PASTED,
  },
  {
    name: 'a field of a packed struct loses the alignment that it asks for',
    file: 'operator/core/types/struct.ts',
    from: 'return Math.max(own, aligned);',
    to: 'return packed ? own : Math.max(own, aligned);',
    specs: COMPILER,
  },
  {
    name: 'packed before a struct packs it',
    file: 'operator/core/types/declaration.ts',
    from: 'if (specifier.packed !== undefined)',
    to: 'if (specifier.packed !== undefined && start.offset < 0)',
    specs: PASTED,
  },
  {
    name: '__be16 that a header defines again is in host order',
    file: `${PARSER}typedef.ts`,
    from: 'type: known(name, own) ?? own,',
    to: 'type: known(name, own) === undefined ? own : own,',
    specs: PASTED,
  },
  {
    name: 'the lines of a condition that nobody knows count',
    file: `${PARSER}text/directives.ts`,
    from: "if (state === 'unknown') fail(at, unknown(at));",
    to: "if (state === 'unknown') continue;",
    specs: PASTED,
  },
  {
    name: 'a pragma that packs is passed over',
    file: `${PARSER}text/directives.ts`,
    from: '(once|GCC',
    to: '(once|pack|GCC',
    specs: PASTED,
  },
  {
    name: 'constants are of 64 bits, so that ~0 and 1 << 31 are not what they are to C',
    file: `${PARSER}constant.ts`,
    from: 'return { value, bits: 32, signed: true };',
    to: 'return { value, bits: 64, signed: true };',
    specs: PASTED,
  },
  {
    name: 'typedefs of each other stand for any number of fields',
    file: `${PARSER}record.ts`,
    from: 'if (fields > MOST_FIELDS)',
    to: 'if (fields > MOST_FIELDS * MOST_FIELDS)',
    specs: spec('types/hostile'),
  },
  {
    name: 'macros of each other stand for any number of words',
    file: `${PARSER}text/macros.ts`,
    from: 'if (this.#pieces > MOST_PIECES)',
    to: 'if (this.#pieces > MOST_PIECES * 64)',
    specs: spec('types/hostile'),
  },
  {
    name: 'a value gives two members of a union',
    file: 'operator/core/codec/encode.ts',
    from: 'if (member >= 0)',
    to: 'if (member > type.fields.length)',
    specs: UNION,
  },
  {
    name: 'text gives two members of a union whose bytes are apart',
    file: 'operator/core/types/given.ts',
    from: "if (of.kind === 'union' && other !== undefined)",
    to: "if (of.kind === 'union' && other === -1)",
    specs: UNION,
  },
  {
    name: 'a union is shown by a member that lacks some of its bits',
    file: 'operator/core/codec/decode.ts',
    from: '(all?.[byte] ?? 0xff) & ~covered) !== 0) return false;',
    to: '(all?.[byte] ?? 0xff) & ~covered) > 255) return false;',
    specs: UNION,
  },
  {
    name: 'a bit-field takes what its bits do not hold',
    file: 'operator/core/codec/encode.ts',
    from: 'if (kept !== number)',
    to: 'if (kept > number)',
    specs: UNION,
  },
  {
    name: 'a program owns the bits beside its own',
    file: 'operator/core/layout/mask.ts',
    from: 'if (shared >= 0)',
    to: 'if (shared > mask.length)',
    specs: spec('layout/pasted'),
  },
];
