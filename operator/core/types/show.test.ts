import { expect } from 'chai';
import * as fc from 'fast-check';
import { anyValueType } from '../testing/types.ts';
import { parseDeclaration } from './declaration.ts';
import { typeText } from './show.ts';

describe('typeText', () => {
  it('is read back as the same type, whatever the type', () => {
    fc.assert(
      fc.property(anyValueType, type => {
        expect(parseDeclaration(typeText(type))).to.deep.equal({ ok: true, type });
      }),
      { numRuns: 500 },
    );
  });

  it('writes enumerators of 64 bits as C reads them', () => {
    for (const [text, shown] of [
      ['enum { ALL = ~0ULL }', 'enum { ALL = 18446744073709551615U }'],
      [
        'enum { LEAST = -9223372036854775807LL - 1, MOST = 9223372036854775807 }',
        'enum { LEAST = -9223372036854775807 - 1, MOST = 9223372036854775807 }',
      ],
    ] as const) {
      const declaration = parseDeclaration(text);
      expect(declaration.ok && typeText(declaration.type)).to.equal(shown);
      expect(parseDeclaration(shown)).to.deep.equal(declaration);
    }
  });

  it('defines a tag where it stands first and names it from then on', () => {
    const text =
      'struct rule { struct port { __be16 number; } from; struct port to[2]; enum action { PASS = 0 } a; enum action b; }';
    const declaration = parseDeclaration(
      'struct port { __be16 number; }; struct rule { struct port from, to[2]; enum action { PASS } a; enum action b; };',
    );
    expect(declaration.ok && typeText(declaration.type)).to.equal(text);
    expect(parseDeclaration(text)).to.deep.equal(declaration);
  });

  it('leaves out a tag that already means another type', () => {
    const port = (name: string) => ({
      ...({ kind: 'struct', tag: 'port', packed: false, size: 1, alignment: 1 } as const),
      fields: [{ name, offset: 0, type: { kind: 'bool', size: 1, alignment: 1 } as const }],
    });
    const both = ['a', 'b'].map((name, offset) => ({ name, offset, type: port(name) }));
    const text = typeText({ kind: 'struct', packed: false, size: 2, alignment: 1, fields: both });
    expect(text).to.equal('struct { struct port { bool a; } a; struct { bool b; } b; }');
  });
});
