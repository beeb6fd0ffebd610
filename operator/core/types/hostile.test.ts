import { expect } from 'chai';
import { growth, LINEAR } from '../../testing/cost.ts';
import { complexityOf, MOST_FIELDS } from './complexity.ts';
import { parseDeclaration } from './declaration.ts';

const LONGEST = 16_000;
const filled = (head: string, piece: string, length: number) =>
  head + piece.repeat(Math.floor(length / piece.length));

/** Texts of a length, each all of one thing. */
const HOSTILE: Readonly<Record<string, (length: number) => string>> = {
  'open comments': length => filled('', '/*', length),
  'comments in directives': length => filled('#define A ', '/**/', length),
  'continued comments': length => filled('//', '\\ \\\n', length),
  blanks: length => filled('', ' \n', length),
  'continued lines': length => filled('#', '\\\n', length),
  quotes: length => filled('', '"', length),
  braces: length => filled('', 'struct { ', length),
  parentheses: length => filled('u8[', '(', length),
  signs: length => filled('u8[', '-', length),
  'conditional operators': length => filled('u8[', '1?1:', length),
  sums: length => `${filled('u8[1', '+1', length)}]`,
  digits: length => `${filled('u8[', '1', length)}]`,
  dimensions: length => filled('u8', '[1]', length),
  pointers: length => filled('u8 ', '*', length),
  qualifiers: length => filled('', 'const ', length),
  'base words': length => filled('', 'long ', length),
  attributes: length => filled('struct { u8 a; } __attribute__((', 'unused,', length),
  'arguments of attributes': length => filled('u8 __attribute__((unused(', '1,', length),
  conditions: length => filled('', '#if 1\n', length),
  'conditions that nobody knows': length => filled('', '#if A\n#endif\n', length),
  fields: length => `struct { ${Array.from({ length: length / 12 }, (_, at) => `u8 f${at};`).join(' ')} }`,
  'declarators of one field': length =>
    `struct { u8 ${Array.from({ length: length / 8 }, (_, at) => `f${at}`).join()}; }`,
  enumerators: length => `enum { ${Array.from({ length: length / 8 }, (_, at) => `A${at}`).join()} }`,
  typedefs: length => Array.from({ length: length / 20 }, (_, at) => `typedef u8 t${at};`).join(''),
  'typedefs of typedefs': length =>
    Array.from(
      { length: length / 24 },
      (_, at) => `typedef ${at === 0 ? 'u8' : `t${at - 1}`} t${at}[1];`,
    ).join(''),
  'macros of macros': length =>
    `${Array.from({ length: length / 24 }, (_, at) => `#define m${at} m${at + 1} m${at + 1}\n`).join('')}m0`,
  'empty macros': length =>
    `#define e\n${Array.from({ length: length / 24 }, (_, at) => `#define m${at} ${at === 0 ? 'e' : `m${at - 1}`} e\n`).join('')}u8`,
};

describe('parseDeclaration of a hostile text', () => {
  for (const [what, textOf] of Object.entries(HOSTILE))
    it(`answers ${what} in time that grows as they do`, async () => {
      expect(parseDeclaration(textOf(LONGEST))).to.have.property('ok');
      expect(
        await growth(LONGEST / 4, size => {
          const text = textOf(size);
          return () => {
            for (let time = 0; time < 2; time += 1) parseDeclaration(text);
          };
        }),
      ).to.be.lessThan(LINEAR);
    });

  it('bounds what few words can stand for', () => {
    const doubled = (first: string, levels: number) =>
      Array.from({ length: levels }, (_, at) =>
        at === 0 ? `typedef struct { ${first} } t0;` : `typedef struct { t${at - 1} a, b; } t${at};`,
      ).join(' ');
    expect(parseDeclaration(doubled('u8 a;', 11))).to.include({ ok: true });
    expect(parseDeclaration(doubled('u8 a;', 13)))
      .to.have.property('message')
      .contains('fields in all');
    expect(parseDeclaration(doubled('u8 a[65536];', 7)))
      .to.have.property('message')
      .contains('1 MiB');
    const nested = Array.from(
      { length: 70 },
      (_, at) => `typedef ${at === 0 ? 'u32' : `t${at - 1}`} t${at}[1];`,
    );
    expect(parseDeclaration(nested.join('')))
      .to.have.property('message')
      .contains('nested more than 64 deep');
    const macros = Array.from({ length: 15 }, (_, at) => `#define m${at} m${at + 1} m${at + 1}\n`);
    expect(parseDeclaration(`${macros.join('')}m0`))
      .to.have.property('message')
      .contains('Macros make');
    const most = parseDeclaration(doubled('u8 a;', 12));
    if (most.ok) expect(complexityOf(most.type).fields).to.be.at.most(MOST_FIELDS);
  });
});
