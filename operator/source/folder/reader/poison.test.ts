import { join } from 'node:path';
import { expect } from 'chai';
import { FolderFixture } from '../testing/fixture.ts';
import { innerMap, outerMap } from '../testing/maps.ts';
import { FileReader } from './reader.ts';

const MANY = 3_000_000;
const OUTER = outerMap('poison', '"VALUE"');

/** Files of some three megabytes that cost as much as there is, and what is said of them. */
const POISON: Readonly<Record<string, readonly [text: () => string, message: RegExp]>> = {
  brackets: [() => '['.repeat(MANY), /Nested deeper than 64 levels/],
  braces: [() => '{a: '.repeat(MANY / 4), /Nested deeper than 64 levels/],
  dashes: [() => '- '.repeat(MANY / 2), /Nested deeper than 64 levels/],
  'JSON brackets': [() => `{"a": ${'['.repeat(MANY)}`, /Nested deeper than 64 levels/],
  closers: [() => ']'.repeat(MANY), /closes nothing/],
  escapes: [() => `a: "${'\\q'.repeat(MANY / 2)}"\n`, /means nothing in double quotes/],
  'good escapes': [() => `a: "${'\\x41'.repeat(MANY / 4)}"\n`, /kind: Missing/],
  aliases: [() => `a: &a 1\nb: [${'*a,'.repeat(MANY / 3)}]\n`, /Too much that is not plainly laid out/],
  'fewer aliases': [
    () => `a: &a 1\nb: [${'*a,'.repeat(150_000)}]\n`,
    /Aliases stand for more than 100000 nodes/,
  ],
  'aliases of nothing': [() => `b: [${'*a,'.repeat(150_000)}]\n`, /has no anchor before it/],
  commas: [() => `[${','.repeat(MANY)}]`, /Too much|A comma stands/],
  tags: [() => `a: ${'!a '.repeat(MANY / 3)}`, /Too much|Tags are not taken/],
  directives: [() => '%a\n'.repeat(MANY / 3), /Directives/],
  dots: [() => '...\n'.repeat(MANY / 4), /line of dots/],
  'text behind dashes': [() => '--- x\n'.repeat(MANY / 6), /drops what follows/],
  'documents of one field': [() => 'a: NO\n---\n'.repeat(MANY / 30), /NO is read as false/],
  'a List of numbers': [() => `kind: List\nitems:\n${'- 1\n'.repeat(MANY / 4)}`, /Must be an OuterMap/],
  'nested structs': [() => OUTER.replace('VALUE', 'struct { '.repeat(MANY / 9)), /./],
  'nested arrays': [() => OUTER.replace('VALUE', `struct { u8 a${'[2]'.repeat(MANY / 3)}; }`), /./],
  'unknown fields': [
    () => innerMap('a', Array.from({ length: MANY / 12 }, (_, at) => `  f${at}: 1\n`).join('')),
    /Unknown field/,
  ],
  'a table of commas': [() => innerMap('a', `  table: |\n    key,value\n    ${','.repeat(MANY)}\n`), /./],
};

describe('FileReader, of files made to take all memory', () => {
  const fixture = new FolderFixture();
  let reader: FileReader;

  beforeEach(() => {
    reader = new FileReader({ maxOldGenerationSizeMb: 384, maxYoungGenerationSizeMb: 16 });
  });

  afterEach(async () => {
    await reader.close();
    await fixture.end();
  });

  for (const [name, [text, message]] of Object.entries(POISON))
    it(`says what is wrong with three megabytes of ${name}, within 400 MiB, and reads the good ones beside`, async () => {
      const files = {
        'a.yaml': innerMap('a'),
        'm.yaml': text(),
        'o.yaml': outerMap(),
        'z.yaml': innerMap('z'),
      };
      const folder = fixture.folder(files);
      const told: Record<string, string> = {};
      const options = { layouts: new Map(), prefer: 'own', possibleCpus: 2, weigh: false } as const;
      await reader.read(
        Object.keys(files).map(file => join(folder, file)),
        options,
        result => {
          const { path, kind } = result;
          const invalid = kind === 'read' && result.reading.innerMaps.map(({ content }) => content.kind);
          const rejected = kind === 'read' ? result.reading.rejected.map(each => each.message) : [kind];
          told[path.slice(folder.length + 1)] = rejected[0] ?? String(invalid);
        },
      );
      const { 'm.yaml': poison, ...good } = told;
      expect(good).to.deep.equal({ 'a.yaml': 'encoded', 'o.yaml': '', 'z.yaml': 'encoded' });
      expect(poison).to.match(message).and.to.not.equal('unreadable');
    });
});
