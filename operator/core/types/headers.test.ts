import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { ROOT } from '../../testing/root.ts';
import { parseDeclaration } from './declaration.ts';
import { fieldLocation, fieldNames } from './path.ts';
import { gccProblem, hasGcc } from './testing/gcc.ts';
import type { Type } from './type.ts';

/** Of a key or a value of a map of a public project: its names are replaced, what it needs of its headers is before it. */
interface Header {
  readonly project: string;
  readonly type: string;
  readonly shape: string;
}

const HEADERS: readonly Header[] = readFileSync(
  join(ROOT, 'operator/core/types/testing/headers.jsonl'),
  'utf8',
)
  .trimEnd()
  .split('\n')
  .map(line => JSON.parse(line));

/** Why the others are not read. */
const UNREAD: Readonly<Record<string, RegExp>> = {
  'coroot/coroot-node-agent struct l7_event': /^Constant n\d+ is not known here/,
  'open-telemetry/opentelemetry-ebpf-profiler PerCPURecord': /^Whether #if defined\(n\d+\) holds/,
  'retis-org/retis struct execute_actions_ctx': /^Unknown type n\d+/,
};

describe('parseDeclaration of 100 types of public headers', function () {
  this.timeout(120_000);

  it('reads all but those that need what is not in them', () => {
    expect(HEADERS.length).to.equal(100);
    const unread = HEADERS.flatMap(({ project, type, shape }) => {
      const declaration = parseDeclaration(shape);
      return declaration.ok ? [] : [[`${project} ${type}`, declaration.message] as const];
    });
    expect(unread.map(([name]) => name)).to.have.members(Object.keys(UNREAD));
    for (const [name, message] of unread) expect(message, name).to.match(UNREAD[name]!);
  });

  it('has the sizes and offsets that gcc has', function () {
    if (!hasGcc(this)) return;
    for (const { project, type, shape } of HEADERS) {
      const declaration = parseDeclaration(shape);
      if (declaration.ok)
        expect(gccProblem(asserted(shape, declaration.type)), `${project} ${type}`).to.equal(undefined);
    }
  });

  it('takes a word more only where gcc takes it too, with the same sizes', function () {
    if (!hasGcc(this)) return;
    const own = HEADERS.filter(
      ({ shape }) => !/typedef [^;{}]* (bool|[us]\d+|__\w+|u?int\d+_t);/.test(shape),
    );
    const cases = fc.tuple(fc.constantFrom(...own), fc.nat(), fc.constantFrom(...WORDS));
    let taken = 0;
    for (const [{ shape }, place, word] of fc.sample(cases, { numRuns: 1500, seed: 5 })) {
      const text = withWord(shape, place, word);
      const declaration = parseDeclaration(text);
      // A macro of the name of a word of C means something to what is compared, too
      if (!declaration.ok || new RegExp(`^#.* ${word.replace(/\W/g, '\\$&')} `, 'm').test(text)) continue;
      taken += 1;
      expect(gccProblem(asserted(text, declaration.type)), text).to.equal(undefined);
    }
    expect(taken).to.be.greaterThan(20);
  });
});

const WORDS = (
  'auto bool case char const do double enum extern float for if inline int long register restrict return short ' +
  'signed sizeof static struct switch typedef union unsigned void volatile while _Bool _Atomic __int128 __u64 u8 ' +
  '__be16 pid_t size_t aligned packed_ __packed __attribute__ __user foo n1 n2 n3 16 0x10 = * & : , ; [ ] ( ) { } < + - ~'
).split(' ');

/** The text with a word between two of its pieces; the last, which names the type, stays. */
function withWord(shape: string, place: number, word: string): string {
  const last = Math.max(shape.lastIndexOf(';', shape.length - 2), shape.lastIndexOf('\n')) + 1;
  const pieces = shape.slice(0, last).split(/\b/);
  const at = place % pieces.length;
  return [...pieces.slice(0, at), ` ${word} `, ...pieces.slice(at), shape.slice(last)].join('');
}

/** C that compiles where gcc places everything as it is read. */
function asserted(text: string, type: Type): string {
  const places = fieldNames(type).flatMap(name => {
    const place = fieldLocation(type, name);
    if (!place.ok || place.type.kind === 'bits') return [];
    return [`_Static_assert(offsetof(whole_, ${name}) == ${place.offset}, "${name}");`];
  });
  const named = text.replace(/([^;]*);?\s*$/, ' typedef $1 whole_;');
  return `${named}\n_Static_assert(sizeof(whole_) == ${type.size}, "size");\n${places.join('\n')}`;
}
