import { expect } from 'chai';
import { parseOuterMap } from '../operator/api/parse/manifest.ts';
import { problemsText } from '../operator/api/problem.ts';
import { innerFacts } from '../operator/controller/facts/innermap.ts';
import { SimulatedCluster } from '../operator/controller/testing/cluster.ts';
import { OBJECTS } from '../operator/controller/testing/fixture.ts';
import { hex } from '../operator/core/bytes/hex.ts';
import { type CompiledOuterMap, claimOf, compileOuterMap } from '../operator/core/desired/compile.ts';
import { arrivalOf, encodeInner } from '../operator/core/encodedinner.ts';
import type { OuterLayout } from '../operator/core/layout/outer.ts';
import { runToEnd } from '../operator/core/steps.ts';
import { layoutOf } from '../operator/core/testing/layouts.ts';
import type { WantedInner } from '../operator/core/wanted.ts';
import { declaredIn } from '../operator/inspect/declared.ts';
import type { KubeObject } from '../operator/kube/client.ts';
import { type FileReading, readManifests } from '../operator/source/folder/manifests.ts';

/** What an agent, a folder, the controller and the commands make of one object. */
interface Made {
  readonly agent: string;
  readonly folder: string;
  readonly controller: string;
  readonly commands: string;
}

const CPUS = 2;
const HASH = { type: 'Hash', maxEntries: 4, key: 'u32', value: 'u32' };

async function made(spec: object, inner: object = HASH, metadata: object = {}): Promise<Made> {
  const outer = OBJECTS.outerMap('tenants', { inner });
  const parsed = parseOuterMap(outer);
  const compiled = parsed.ok ? compileOuterMap(parsed.value) : 'unparsed';
  if (typeof compiled === 'string') throw new Error(compiled);
  const plain = OBJECTS.innerMap('web', spec);
  const object = { ...plain, metadata: { ...plain.metadata, ...metadata } };
  return {
    agent: byAgent(object, compiled),
    folder: byFolder(object, compiled),
    controller: byController(object, compiled),
    commands: await byCommands(outer, object, compiled),
  };
}

function byAgent(object: KubeObject, compiled: CompiledOuterMap): string {
  const read = arrivalOf(object);
  if (!read.ok) return `unreadable: ${problemsText(read.problems, 10)}`;
  const content = runToEnd(encodeInner(read.value, { layout: compiled.layout, possibleCpus: CPUS }));
  return verdict({ innerMap: read.value.innerMap, content }, compiled);
}

function byFolder(object: KubeObject, compiled: CompiledOuterMap): string {
  const { innerMaps, rejected } = inFolder(object, compiled.layout);
  const texts = [
    ...rejected.map(({ origin, message }) => `refused: ${origin}: ${message}`),
    ...innerMaps.map(inner => verdict(inner, compiled)),
  ];
  return texts.join('\n');
}

function inFolder(object: KubeObject, layout: OuterLayout): FileReading {
  const layouts = new Map([['tenants', layout]]);
  const options = { layouts, prefer: 'given', possibleCpus: CPUS, weigh: false } as const;
  return readManifests(JSON.stringify(object, undefined, 1), 'f', options);
}

function byController(object: KubeObject, compiled: CompiledOuterMap): string {
  const { problem, wanted } = innerFacts(object, { previous: undefined, layoutOf: () => compiled.layout });
  return problem === undefined
    ? verdict(wanted!, compiled)
    : `problem: ${problem.reason}, ${problem.message}`;
}

async function byCommands(
  outer: KubeObject,
  object: KubeObject,
  compiled: CompiledOuterMap,
): Promise<string> {
  const cluster = new SimulatedCluster();
  cluster.put('outermaps', outer);
  cluster.put('innermaps', object);
  const { refusals, innerMaps } = await declaredIn(cluster, { possibleCpus: CPUS });
  const texts = [
    ...refusals.map(({ origin, message }) => `refused: ${origin}: ${message}`),
    ...innerMaps.map(inner => verdict(inner, compiled)),
  ];
  return texts.join('\n');
}

function verdict(inner: WantedInner, compiled: CompiledOuterMap): string {
  const claim = claimOf(inner, compiled);
  if (claim.kind !== 'desired') return `${claim.kind}: ${claim.reason}, ${claim.message}`;
  const { count, keys, values } = claim.entries;
  return `${count}: ${hex(keys)} ${hex(values)}`;
}

/** Where all four say the same; the folder with a place in front. */
function alike(text: string, place?: string): Made {
  const placed = place === undefined ? text : text.replace(', ', `, ${place}`);
  return { agent: text, folder: placed, controller: text, commands: text };
}

function many(count: number, entry: (index: number) => unknown): readonly unknown[] {
  return Array.from({ length: count }, (_, index) => entry(index));
}

const ONE = [{ key: 1, value: 2 }];
const WIDE = { ...HASH, maxEntries: 5000 };
const PER_CPU = { ...HASH, type: 'PerCPUHash' };
const NULL_KEY = { key: null, value: 3 };
const NULL_KEY_TEXT = "spec.entries[0].key: Missing: the entry's key";
const NEGATIVE = { key: 1, value: -2 };
const NEGATIVE_TEXT = 'value: -2 is out of range: u32 takes 0 to 4294967295';
const WRONG_KEY_TEXT = 'Key x: "x" is not an integer: u32 takes a decimal or a 0x number';
const RANGE = many(10, index => `spec.entries[${index}].${NEGATIVE_TEXT}`).join('; ');

describe('an InnerMap, encoded by the agent, a folder, the controller and the commands', () => {
  it('is the same bytes, of which the controller keeps none', async () => {
    const bytes = '2: 0100000003000000 0200000004000000';
    expect(await made({ entries: ONE, table: 'key,value\n3,4\n' })).to.deep.equal({
      ...alike(bytes),
      controller: '2:  ',
    });
  });

  it('has an entry with a value out of range', async () => {
    const text = `unusable: InvalidEntries, spec.entries[0].${NEGATIVE_TEXT}`;
    expect(await made({ entries: [NEGATIVE] })).to.deep.equal(alike(text, 'f:14:14: '));
  });

  it('has twelve wrong entries: ten are told', async () => {
    const { folder, ...others } = await made({ entries: many(12, () => NEGATIVE) }, WIDE);
    const text = `unusable: InvalidEntries, ${RANGE}; and 2 more`;
    expect({ ...others, folder: folder.replace(/f:\d+:\d+: /g, '') }).to.deep.equal(alike(text));
    expect(folder.match(/f:\d+:\d+: /g)).to.have.length(10);
  });

  it('has more wrong entries than anybody counts', async () => {
    const { folder, ...others } = await made({ entries: many(2000, () => NEGATIVE) }, WIDE);
    const text = `unusable: InvalidEntries, ${RANGE}; and 990 or more others`;
    expect({ ...others, folder: folder.replace(/f:\d+:\d+: /g, '') }).to.deep.equal(alike(text));
  });

  it('has an entry twice', async () => {
    const text =
      'unusable: InvalidEntries, spec.entries[1].key: Key 1 is given by spec.entries[0] too: keep one';
    expect(await made({ entries: [...ONE, ...ONE] })).to.deep.equal(alike(text, 'f:17:12: '));
  });

  it('has more entries than fit', async () => {
    const text =
      'unusable: TooManyEntries, 5 entries are more than maxEntries 4: declare fewer, or raise maxEntries of the inner map where its type allows it';
    const entries = many(5, key => ({ key, value: 2 }));
    expect(await made({ entries })).to.deep.equal(alike(text, 'f:8:10: spec: '));
  });

  it('has entries where its type has none', async () => {
    const text = 'unusable: InvalidEntries, Type RingBuf is created empty: leave entries and table out';
    const ring = { type: 'RingBuf', maxEntries: 4096 };
    expect(await made({ entries: ONE }, ring)).to.deep.equal(alike(text, 'f:11:14: spec.entries: '));
  });

  it('has a maxEntries that the layout does not take, and a value out of range: both are told', async () => {
    const text =
      "unusable: LayoutMismatch, An inner Array differs in maxEntries only where the template has the flag InnerMap: leave it out, all of them have the template's 4, or add the flag";
    const spec = { maxEntries: 9, entries: [NEGATIVE] };
    const { folder, ...others } = await made(spec, { ...HASH, type: 'Array' });
    const both = `${text.replace('LayoutMismatch, ', 'LayoutMismatch, spec.maxEntries: ')}; spec.entries[0].${NEGATIVE_TEXT}`;
    expect({ ...others, folder: folder.replace(/f:\d+:\d+: /g, '') }).to.deep.equal(alike(both));
    expect(folder.match(/f:\d+:\d+: /g)).to.have.length(2);
  });

  it('has such a maxEntries in a folder, which tells its place', () => {
    const object = OBJECTS.innerMap('web', { maxEntries: 9 });
    const [inner] = inFolder(object, layoutOf('u32', 'u32', 'Array')).innerMaps;
    const { content } = inner!;
    const details = content.kind === 'invalid' ? content.details : undefined;
    expect(details?.map(({ origin, message }) => [origin, message.split(' ')[0]])).to.deep.equal([
      ['f:11:17', 'spec.maxEntries:'],
    ]);
    expect(content).to.deep.include({ reason: 'LayoutMismatch', unlisted: 0 });
  });

  it('has a value for each CPU, or one for all', async () => {
    for (const [value, bytes] of [
      [[1, 2], '01000000000000000200000000000000'],
      [3, '03000000000000000300000000000000'],
    ])
      expect(await made({ entries: [{ key: 1, value }] }, PER_CPU)).to.deep.equal({
        ...alike(`1: 01000000 ${bytes}`),
        controller: '1:  ',
      });
  });

  it('has values for the CPUs of another machine: without a machine nobody knows', async () => {
    const text =
      'unusable: InvalidEntries, spec.entries[0].value: List has 3 values, this node 2 possible CPUs: write one for each, or one value for all';
    expect(await made({ entries: [{ key: 1, value: [1, 2, 3] }] }, PER_CPU)).to.deep.equal({
      ...alike(text, 'f:14:14: '),
      controller: '1:  ',
    });
  });

  it('waits where its OuterMap is not known', async () => {
    const { folder, commands } = await made({ outerMap: 'elsewhere', entries: ONE });
    const text = 'unusable: Pending, Contents wait to be encoded by the OuterMap’s layout';
    expect({ folder, commands }).to.deep.equal({ folder: text, commands: text });
  });

  it('has an entry that the parser refuses: it has its key all the same', async () => {
    const text = `unusable: InvalidEntries, ${NULL_KEY_TEXT}`;
    expect(await made({ entries: [NULL_KEY] })).to.deep.equal({
      ...alike(text),
      folder: `refused: f:13:12: InnerMap team/web: ${NULL_KEY_TEXT}`,
    });
  });

  it('has such an entry, and a key that the outer map does not take', async () => {
    const text = `rejected: InvalidKey, ${WRONG_KEY_TEXT}; ${NULL_KEY_TEXT}`;
    expect(await made({ key: 'x', entries: [NULL_KEY] })).to.deep.equal({
      ...alike(text),
      folder: [
        `10:10: InnerMap team/web: spec.key: ${WRONG_KEY_TEXT}`,
        `13:12: InnerMap team/web: ${NULL_KEY_TEXT}`,
      ]
        .map(line => `refused: f:${line}`)
        .join('\n'),
    });
  });

  it('has a wrong key and a value out of range: both are told', async () => {
    const text = `rejected: InvalidKey, ${WRONG_KEY_TEXT}; spec.entries[0].${NEGATIVE_TEXT}`;
    const { folder, ...others } = await made({ key: 'x', entries: [NEGATIVE] });
    expect({ ...others, folder: folder.replace(/f:\d+:\d+: /g, '') }).to.deep.equal(alike(text));
  });

  it('has an entry that the parser refuses, and other mistakes: all are told, and what is refused once', async () => {
    const entries = [{ key: null, value: -2 }, 5, { key: 1, value: 2, vlaue: 3 }, { key: 'y', value: 1 }];
    const texts = [
      NULL_KEY_TEXT,
      'spec.entries[1]: Must be an object with key, value, not the number 5',
      'spec.entries[2].vlaue: Unknown field: did you mean value',
      `spec.entries[0].${NEGATIVE_TEXT}`,
      'spec.entries[3].key: "y" is not an integer: u32 takes a decimal or a 0x number',
    ];
    const { folder, ...others } = await made({ entries });
    const text = `unusable: InvalidEntries, ${texts.join('; ')}`;
    expect({ ...others, folder: text }).to.deep.equal(alike(text));
    const refusals = folder
      .split('\n')
      .map(line => line.replace(/^refused: f:\d+:\d+: InnerMap team.web: /, ''));
    expect(refusals).to.have.members(texts);
  });

  it('has an entry that the parser refuses, and a key twice: both are told', async () => {
    const text = `unusable: InvalidEntries, spec.entries[2].value: Missing: the entry's value; spec.entries[1].key: Key 1 is given by spec.entries[0] too: keep one`;
    const { folder, ...others } = await made({ entries: [...ONE, ...ONE, { key: 2, value: null }] });
    expect({ ...others, folder: text }).to.deep.equal(alike(text));
    expect(folder).to.include('Key 1 is given by').and.include('Missing');
  });

  for (const [what, spec] of [
    ['an unknown field', { entires: [] }],
    ['a wrong maxEntries', { maxEntries: 0 }],
    ['a wrong selector', { nodeSelector: 1 }],
    ['a wrong key', { key: true }],
    ['nineteen unknown fields', Object.fromEntries(many(19, at => [`f${at}`, 1]) as [])],
    ['a contradiction', { sealed: true, update: 'InPlace' }],
  ] as const)
    it(`has ${what} and a value out of range: a folder tells both`, async () => {
      const { folder } = await made({ ...spec, entries: [NEGATIVE] });
      expect(folder).to.match(/refused: f:\d+:\d+: InnerMap team.web: spec/);
      expect(folder).to.include(`InnerMap team/web: spec.entries[0].${NEGATIVE_TEXT}`);
    });

  it('has more such entries than are told', async () => {
    const { folder, ...others } = await made({ entries: many(12, () => NULL_KEY) });
    const texts = many(10, index => NULL_KEY_TEXT.replace('0', String(index))).join('; ');
    const text = `unusable: InvalidEntries, ${texts}; and 2 more`;
    expect({ ...others, folder: text }).to.deep.equal(alike(text));
    expect(folder.split('\n')).to.have.length(12);
    expect(folder).to.include('spec: 12 entries are more than maxEntries 4');
  });

  for (const [reason, field, spec, name] of [
    ['Unsupported', 'metadata.name', {}, 'WEB'],
    ['InvalidKey', 'spec.key', { key: true }, 'web'],
    ['Unsupported', 'spec.maxEntries', { maxEntries: 0 }, 'web'],
  ] as const)
    it(`has a ${field} that cannot be read`, async () => {
      const { agent, folder, controller, commands } = await made({ ...spec, entries: [NULL_KEY] }, HASH, {
        name,
      });
      const text = agent.replace('unreadable: ', '');
      expect(text).to.include(`${field}: Must be `).and.to.include(`; ${NULL_KEY_TEXT}`);
      expect(controller).to.equal(`problem: ${reason}, ${text}`);
      expect(commands).to.equal(`refused: InnerMap team/${name}: ${text}`);
      const refusals = folder.split('\n').map(line => line.replace(/^refused: f:\d+:\d+: /, ''));
      expect(refusals).to.have.members(text.split('; ').map(problem => `InnerMap team/${name}: ${problem}`));
    });
});
