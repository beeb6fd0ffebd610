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

  it('goes on with a comment in the next line behind a backslash, as C does', function () {
    if (!hasGcc(this)) return;
    for (const end of ['\\\n', '\\\r\n', '\\ \t\n', '\\\\\n', '\n', '\\a\n'])
      for (const head of ['', '#define A 1 ']) {
        const text = `${head}// here ${end}struct u { u16 x; };\nstruct t { u8 a; };\n`;
        const isComment = !parseDeclaration(`${text}struct u`).ok;
        const problem = gccProblem(`${text}_Static_assert(sizeof(struct u) == 2, "");`);
        expect(isComment, JSON.stringify(text)).to.equal(problem !== undefined);
      }
  });

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
