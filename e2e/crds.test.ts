import { expect } from 'chai';
import { BOUNDS } from '../operator/api/bounds.ts';
import { INNER_TYPES, MAP_FLAGS, OUTER_TYPES } from '../operator/api/outermap.ts';
import { CONTENTS, ENTRY_FIELDS, INNER_MAP_FIELDS, UPDATES } from '../operator/api/parse/innermap.ts';
import { parseManifest } from '../operator/api/parse/manifest.ts';
import {
  ACCESS_FIELDS,
  DELETION_POLICIES,
  OUTER_MAP_FIELDS,
  PROVISIONS,
  UNDECLARED_KEYS,
} from '../operator/api/parse/outermap.ts';
import { EXPRESSION_FIELDS, OPERATORS, SELECTOR_FIELDS } from '../operator/api/parse/selector.ts';
import { TEMPLATE_FIELDS } from '../operator/api/parse/template.ts';
import { type Crd, readCrd, readSamples, type Schema, schemaAt, schemasIn } from './crdschema.ts';

const OUTER = readCrd('outermap.yaml');
const INNER = readCrd('innermap.yaml');
const NODE = readCrd('nodemapstate.yaml');

describe('crds: each schema', () => {
  for (const crd of [OUTER, INNER, NODE]) {
    it(`${crd.kind} describes every field, as kubectl explain is documentation`, () => {
      const silent = nodesOf(crd).filter(
        ({ path, schema }) => isField(path) && (schema.description ?? '').length < 5,
      );
      expect(pathsOf(silent)).to.deep.equal(['.metadata']);
    });

    it(`${crd.kind} bounds every list, text and object, as CEL's cost estimate and memory need it`, () => {
      const spec = nodesOf(crd).filter(({ path }) => !['.apiVersion', '.kind'].includes(path));
      const unbounded = spec.filter(({ schema }) => isUnbounded(schema));
      expect(pathsOf(unbounded)).to.deep.equal([]);
    });

    it(`${crd.kind} says how each list is merged`, () => {
      const lists = nodesOf(crd).filter(({ schema }) => schema.type === 'array');
      expect(
        pathsOf(lists.filter(({ schema }) => schema['x-kubernetes-list-type'] === undefined)),
      ).to.deep.equal([]);
    });
  }
});

describe('crds: schema, types and parser in step', () => {
  const outer = schemaAt(OUTER.schema, 'spec');
  const inner = schemaAt(INNER.schema, 'spec');

  const fields: [string, Record<string, unknown> | undefined, readonly string[]][] = [
    ['OuterMap', outer.properties, OUTER_MAP_FIELDS],
    ['template', schemaAt(outer, 'inner').properties, TEMPLATE_FIELDS],
    ['access rule', schemaAt(outer, 'access', '[]').properties, ACCESS_FIELDS],
    ['InnerMap', inner.properties, INNER_MAP_FIELDS],
    ['entry', schemaAt(inner, 'entries', '[]').properties, ENTRY_FIELDS],
    ['node selector', schemaAt(inner, 'nodeSelector').properties, SELECTOR_FIELDS],
    ['expression', schemaAt(inner, 'nodeSelector', 'matchExpressions', '[]').properties, EXPRESSION_FIELDS],
  ];
  for (const [name, properties, known] of fields) {
    it(`fields of ${name} are those that the parser knows`, () => {
      expect(Object.keys(properties ?? {})).to.have.members(known);
    });
  }

  const words: [string, readonly string[] | undefined, readonly string[]][] = [
    ['type', schemaAt(outer, 'type').enum, OUTER_TYPES],
    ['inner.type', schemaAt(outer, 'inner', 'type').enum, INNER_TYPES],
    ['flags', schemaAt(outer, 'flags', '[]').enum, Object.keys(MAP_FLAGS)],
    ['inner.flags', schemaAt(outer, 'inner', 'flags', '[]').enum, Object.keys(MAP_FLAGS)],
    ['provision', schemaAt(outer, 'provision').enum, PROVISIONS],
    ['undeclaredKeys', schemaAt(outer, 'undeclaredKeys').enum, UNDECLARED_KEYS],
    ['deletionPolicy', schemaAt(outer, 'deletionPolicy').enum, DELETION_POLICIES],
    ['update', schemaAt(inner, 'update').enum, UPDATES],
    ['content', schemaAt(inner, 'content').enum, CONTENTS],
    ['operator', schemaAt(inner, 'nodeSelector', 'matchExpressions', '[]', 'operator').enum, OPERATORS],
  ];
  for (const [name, listed, known] of words) {
    it(`words of ${name} are those that the parser knows`, () => expect(listed).to.deep.equal(known));
  }

  const bounds: [string, number | undefined, number][] = [
    ['outer maxEntries', schemaAt(outer, 'maxEntries').maximum, BOUNDS.outerMaxEntries],
    ['template maxEntries', schemaAt(outer, 'inner', 'maxEntries').maximum, BOUNDS.innerMaxEntries],
    ['InnerMap maxEntries', schemaAt(inner, 'maxEntries').maximum, BOUNDS.innerMaxEntries],
    ['outer key', schemaAt(outer, 'key').maxLength, BOUNDS.declaration],
    ['template key', schemaAt(outer, 'inner', 'key').maxLength, BOUNDS.declaration],
    ['template value', schemaAt(outer, 'inner', 'value').maxLength, BOUNDS.declaration],
    ['pin', schemaAt(outer, 'pin').maxLength, BOUNDS.pin],
    ['access', schemaAt(outer, 'access').maxItems, BOUNDS.accessRules],
    ['access namespaces', schemaAt(outer, 'access', '[]', 'namespaces').maxItems, BOUNDS.accessNamespaces],
    ['access keys', schemaAt(outer, 'access', '[]', 'keys').maxItems, BOUNDS.accessKeys],
    ['access key', schemaAt(outer, 'access', '[]', 'keys', '[]').maxLength, BOUNDS.keyText],
    ['key', schemaAt(inner, 'key').maxLength, BOUNDS.keyText],
    ['programOwned', schemaAt(outer, 'inner', 'programOwned').maxItems, BOUNDS.programOwned],
    ['programOwned path', schemaAt(outer, 'inner', 'programOwned', '[]').maxLength, BOUNDS.fieldPath],
    ['matchLabels', schemaAt(outer, 'nodeSelector', 'matchLabels').maxProperties, BOUNDS.selectorLabels],
    [
      'matchExpressions',
      schemaAt(outer, 'nodeSelector', 'matchExpressions').maxItems,
      BOUNDS.selectorExpressions,
    ],
    [
      'values',
      schemaAt(outer, 'nodeSelector', 'matchExpressions', '[]', 'values').maxItems,
      BOUNDS.selectorValues,
    ],
    ['entries', schemaAt(inner, 'entries').maxItems, BOUNDS.entries],
    ['table', schemaAt(inner, 'table').maxLength, BOUNDS.table],
  ];
  for (const [name, bound, known] of bounds) {
    it(`bound of ${name} is the parser's`, () => expect(bound).to.equal(known));
  }

  it('nodeSelector is the same in both kinds but for its description', () => {
    const { description: _outer, ...ofOuter } = schemaAt(outer, 'nodeSelector');
    const { description: _inner, ...ofInner } = schemaAt(inner, 'nodeSelector');
    expect(ofInner).to.deep.equal(ofOuter);
  });

  it('defaults of the schema are those that the parser fills in', () => {
    const sample = readSamples().find(({ name }) => name === 'valid-outermap-minimal.yaml')?.object as {
      readonly spec: Record<string, unknown>;
    };
    const defaults = Object.entries(outer.properties ?? {}).flatMap(([name, { default: value }]) =>
      value === undefined ? [] : [[name, value] as const],
    );
    expect(defaults.length).to.equal(5);
    const filled = { ...sample, spec: { ...sample.spec, ...Object.fromEntries(defaults) } };
    expect(parseManifest(filled)).to.deep.equal(parseManifest(sample));
  });
});

function nodesOf(crd: Crd) {
  return [...schemasIn(crd.schema)];
}

function pathsOf(nodes: readonly { readonly path: string }[]): readonly string[] {
  return nodes.map(({ path }) => path);
}

/** Neither the items of a list of texts nor the values of an object of texts need a description of their own. */
function isField(path: string): boolean {
  return !path.endsWith('[]') && !path.endsWith('{}');
}

function isUnbounded(schema: Schema): boolean {
  if (schema.type === 'array') return schema.maxItems === undefined;
  if (schema.type === 'string')
    return schema.maxLength === undefined && schema.enum === undefined && schema.format !== 'date-time';
  return schema.additionalProperties !== undefined && schema.maxProperties === undefined;
}
