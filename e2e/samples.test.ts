import { expect } from 'chai';
import fc from 'fast-check';
import { parseManifest } from '../operator/api/parse/manifest.ts';
import { fieldText, type Problem } from '../operator/api/problem.ts';
import { readCrd, readSamples, schemaRefusal, schemasIn } from './crdschema.ts';

const CRDS = ['outermap.yaml', 'innermap.yaml', 'nodemapstate.yaml'].map(readCrd);
const REFUSALS = new Map(CRDS.map(crd => [crd.kind, schemaRefusal(crd)]));
const SAMPLES = readSamples();
/** What an author may declare: a NodeMapState is the agent's. */
const MANIFESTS = SAMPLES.filter(sample => kindOf(sample.object) !== 'NodeMapState');

describe('samples', () => {
  for (const sample of SAMPLES.filter(({ refused }) => refused === undefined)) {
    it(`${sample.name} is taken by schema and parser`, () => {
      expect(sample.name).to.match(/^valid-/);
      expect(schemaAnswer(sample.object)).to.equal(undefined);
      if (MANIFESTS.includes(sample)) expect(problemTexts(sample.object)).to.deep.equal([]);
    });
  }

  for (const sample of SAMPLES.filter(({ refused }) => refused !== undefined)) {
    it(`${sample.name} is refused with its words`, () => {
      expect(sample.name).to.match(/^invalid-/);
      expect(problemTexts(sample.object).join('\n')).to.contain(sample.refused?.words);
      const answer = schemaAnswer(sample.object);
      if (sample.refused?.by === 'schema') expect(answer).to.be.a('string');
      else expect(answer, 'the schema alone takes what only a rule refuses').to.equal(undefined);
    });
  }

  it('every CEL rule but the immutable ones has a sample that it refuses', () => {
    const samples = SAMPLES.filter(({ refused }) => refused?.by === 'rule');
    const problems = samples.flatMap(({ object }) => problemsOf(object));
    const unproven = rulePatterns().filter(pattern => !problems.some(({ message }) => pattern.test(message)));
    expect(unproven.map(String)).to.deep.equal([]);
  });
});

describe('samples: mutated', () => {
  it('parseManifest takes nothing that the schema refuses, and refuses nothing that no rule names', () => {
    const patterns = rulePatterns();
    fc.assert(
      fc.property(mutated(), object => {
        const result = parseManifest(object);
        const answer = schemaAnswer(object);
        if (result.ok) expect(answer).to.equal(undefined);
        else if (answer === undefined) {
          expect(result.problems.filter(problem => !isOfRule(problem, patterns)).map(textOf)).to.deep.equal(
            [],
          );
        }
      }),
      { numRuns: 3000 },
    );
  });
});

/** Metadata is the API server's own matter. */
function isOfRule(problem: Problem, patterns: readonly RegExp[]): boolean {
  const isOutsideSchema = ['metadata', 'apiVersion', 'kind'].includes(String(problem.path[0]));
  return isOutsideSchema || patterns.some(pattern => pattern.test(problem.message));
}

/** What a rule's refusal begins with, the same words from the API server and from the parser. */
function rulePatterns(): readonly RegExp[] {
  const schemas = CRDS.flatMap(crd => [...schemasIn(crd.schema)]);
  const rules = schemas.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? []);
  const texts = rules.map(rule => rule.messageExpression ?? rule.message);
  return texts.filter(text => !text.startsWith('Immutable')).map(patternOf);
}

/** From `'Not known here: a ' + self.type + ' has no key'`, or from plain text. */
function patternOf(text: string): RegExp {
  const parts = text
    .replace(/^'|'$/g, '')
    .replace(/^metadata\.name: /, '')
    .split(/' \+ self\.\w+ \+ '/);
  return new RegExp(`^${parts.map(part => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('\\w+')}`);
}

const JUNK = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, '', 'x', 'u32', '10.1.0.0/16', '50%', '0600', -1, 0, 1, 1.5, 7),
  fc.constantFrom<unknown>(
    [],
    {},
    ['x'],
    [1],
    ['x', 'x'],
    { key: 1 },
    { key: 1, value: 2 },
    'Adopt',
    'InPlace',
    'AtLeast',
    'RingBuf',
  ),
  fc.string({ maxLength: 12, unit: 'grapheme-ascii' }),
);

/** A valid sample with one to three spots replaced, taken away or added. */
function mutated(): fc.Arbitrary<unknown> {
  const valid = MANIFESTS.filter(({ refused }) => refused === undefined).map(({ object }) => object);
  const change = fc.record({ spot: fc.nat(), junk: JUNK, way: fc.constantFrom('replace', 'remove', 'add') });
  return fc
    .tuple(fc.constantFrom(...valid), fc.array(change, { minLength: 1, maxLength: 3 }))
    .map(([object, changes]) => {
      const copy = structuredClone(object);
      for (const { spot, junk, way } of changes) mutate(copy, spot, { junk, way });
      return copy;
    });
}

function mutate(
  object: unknown,
  spot: number,
  change: { readonly junk: unknown; readonly way: string },
): void {
  const spots = spotsIn(object);
  const { holder, name } = spots[spot % spots.length]!;
  if (change.way === 'add') holder[`${name}X`] = structuredClone(change.junk ?? 'x');
  else if (change.way === 'remove' && !Array.isArray(holder)) delete holder[name];
  else holder[name] = structuredClone(change.junk);
}

type Holder = Record<string, unknown>;

function spotsIn(value: unknown): { readonly holder: Holder; readonly name: string }[] {
  if (typeof value !== 'object' || value === null) return [];
  const holder = value as Holder;
  return Object.keys(holder).flatMap(name => [{ holder, name }, ...spotsIn(holder[name])]);
}

function schemaAnswer(object: unknown): string | undefined {
  const refusal = REFUSALS.get(String(kindOf(object)));
  return refusal === undefined ? 'no such kind' : refusal(object);
}

function kindOf(object: unknown): unknown {
  return (object as { readonly kind?: unknown } | null)?.kind;
}

function problemTexts(object: unknown): readonly string[] {
  return problemsOf(object).map(textOf);
}

function problemsOf(object: unknown): readonly Problem[] {
  const result = parseManifest(object);
  return result.ok ? [] : result.problems;
}

function textOf(problem: Problem): string {
  return `${fieldText(problem.path)}: ${problem.message}`;
}
