import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { REFUSED_FLAGS } from '../operator/api/maps/flags.ts';
import { INNER_TYPES, type InnerType, MAP_RULES, REFUSED_TYPES } from '../operator/api/maps/types.ts';
import { REPOSITORY, readCrd, schemaAt } from './crdschema.ts';

const PAGE = readFileSync(join(REPOSITORY, 'docs', 'map-types.md'), 'utf8');
const INNER = schemaAt(readCrd('outermap.yaml').schema, 'spec', 'inner');
const RULES = (INNER['x-kubernetes-validations'] ?? []).map(({ rule }) => rule.replaceAll(/\s+/g, ' '));

describe('map types: one table', () => {
  for (const type of INNER_TYPES)
    it(`docs/map-types.md has the row of ${type}`, () => {
      expect(PAGE).to.contain(`${rowOf(type)}\n`);
    });

  it('docs/map-types.md has a row for no other type', () => {
    const [, section = ''] = PAGE.split('## What each type takes\n');
    const rows = [...section.matchAll(/^\| `(\w+)` \| (?:any|index|prefix|descriptor|none)\b/gm)];
    expect(rows.map(match => match[1])).to.deep.equal(INNER_TYPES);
  });

  it('docs/map-types.md says why each other type and flag is refused', () => {
    for (const [name, { why }] of [...Object.entries(REFUSED_TYPES), ...Object.entries(REFUSED_FLAGS)])
      expect(PAGE, name).to.contain(`| \`${name}\` | ${why} |\n`);
  });

  const lists: readonly (readonly [string, (type: InnerType) => boolean])[] = [
    ['|| has(self.maxEntries)', isOf('nothing')],
    ['|| self.maxEntries > 0', isOf('nothing')],
    ['|| self.maxEntries == 0', isOf('nothing')],
    [') || has(self.key)', type => ['any', 'prefix'].includes(MAP_RULES[type].key)],
    [') || !has(self.key)', type => MAP_RULES[type].key === 'none'],
    ['has(self.value) || self.type in', type => MAP_RULES[type].valueSizes !== undefined],
    [') || !has(self.value)', type => MAP_RULES[type].valueSizes?.length === 0],
    ['size(self.programOwned) == 0', type => MAP_RULES[type].contents === true],
  ];
  for (const [words, belongs] of lists)
    it(`the schema's rule with "${words}" has its types from the table`, () => {
      const found = RULES.filter(rule => rule.includes(words) && rule.includes('self.type in ['));
      expect(found).to.have.length(1);
      const [, list = ''] = /self\.type in \[([^\]]*)\]/.exec(found[0]!) ?? [];
      expect([...list.matchAll(/\w+/g)].map(match => match[0])).to.have.members(INNER_TYPES.filter(belongs));
    });

  it('the schema says of each type that is refused that it is', () => {
    const text = schemaAt(INNER, 'type').description ?? '';
    for (const name of Object.keys(REFUSED_TYPES)) expect(text).to.match(new RegExp(`\\b${name}\\b`));
  });
});

function isOf(size: 'nothing'): (type: InnerType) => boolean {
  return type => MAP_RULES[type].size === size;
}

const KEYS = { any: 'any', index: 'index', prefix: 'prefix', object: 'descriptor', none: 'none' } as const;
const SIZES = { pages: 'bytes, a power of two', nothing: 'none', entries: 'entries' } as const;

/** `| Hash | any | any | entries | NoPrealloc … | |` */
function rowOf(type: InnerType): string {
  const { key, largestKey, size = 'entries', flags, needed = [], added = [], capability } = MAP_RULES[type];
  const most = largestKey === undefined ? '' : `, at most ${largestKey} bytes`;
  const marks = [
    ...flags.map(flag => (needed.some(other => other === flag) ? `\`${flag}\`¹` : `\`${flag}\``)),
    ...added.map(flag => `\`${flag}\`²`),
  ];
  const cells = [`\`${type}\``, `${KEYS[key]}${most}`, valueText(type), SIZES[size], marks.join(', ')];
  return `| ${cells.join(' | ')} | ${capability ?? ''} |`.replaceAll('|  |', '| |');
}

function valueText(type: InnerType): string {
  const { valueSizes, frame, largestValue } = MAP_RULES[type];
  if (frame !== undefined)
    return `frames of ${frame.plain} bytes, of ${frame.StackBuildId} with \`StackBuildId\`; at most 127`;
  if (valueSizes !== undefined) return valueSizes.length === 0 ? 'none' : `${valueSizes.join(' or ')} bytes`;
  return largestValue === undefined ? 'any' : `at most ${largestValue} bytes`;
}
