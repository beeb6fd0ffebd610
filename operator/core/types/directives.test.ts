import { expect } from 'chai';
import { parseDeclaration } from './declaration.ts';
import { gccProblem, hasGcc } from './testing/gcc.ts';

const CONDITIONS = [
  '0xFFFFFFFF + 1 == 0',
  '~0u == 0xffffffff',
  '-1 == 0xffffffff',
  '0xffffffff * 2 > 0xffffffff',
  '-1 < 0x1',
  '-1 > 0u',
  '-1 < 0xffffffffffffffff',
  '1 << 40 > 1',
  '(1 == 1) << 40 > 1',
  '!0 << 40 > 1',
  "'a' << 40 > 1",
  '2147483647 + 1 > 0',
  '0xffffffff >> 31 == 1 ? -1 < 0u : 1',
];

describe('parseDeclaration of directives', function () {
  this.timeout(60_000);

  it('counts in the 64 bits of C’s preprocessor', function () {
    if (!hasGcc(this)) return;
    for (const condition of CONDITIONS) {
      const text = `#if ${condition}\nstruct t { u16 a; };\n#else\nstruct t { u8 a; };\n#endif\n`;
      const declaration = parseDeclaration(text);
      const size = declaration.ok ? declaration.type.size : declaration.message;
      expect(gccProblem(`${text}_Static_assert(sizeof(struct t) == ${size}, "");`), condition).to.equal(
        undefined,
      );
    }
  });
});
