import { expect } from 'chai';
import fc from 'fast-check';
import type { OuterMap } from '../../../operator/api/outermap.ts';
import { parseManifest } from '../../../operator/api/parse/manifest.ts';
import { accessOf } from '../../../operator/core/access/access.ts';
import { keyBytes } from '../../../operator/core/codec/keytext.ts';
import { outerLayout } from '../../../operator/core/layout/outer.ts';
import { type ControlPlaneFixture, describeCluster, until } from '../controlplanefixture.ts';

const API = 'innermap.io/v1alpha1';
const SEED = 20261123;
const OUTER_MAPS_PER_TYPE = 3;
const KEYS_PER_OUTER_MAP = 9;

type Key = string | number;

/** Spellings that mean one thing to one type and another to the next. */
const NUMBERS: readonly Key[] = [
  0,
  5,
  7,
  12,
  '7',
  '0x7',
  '007',
  ' 7',
  '-3',
  '10000000',
  '18446744073709551615',
];
const RANGES: readonly Key[] = ['0..9', '-5..-1', '10..19', '0x0..0xff', '5..18446744073709551615'];
const FOUR: readonly Key[] = [
  '10.1.0.7',
  '10.2.0.7',
  '10.1.0.7/32',
  '10.1.0.0/16',
  '10.1.2.0/24',
  '0.0.0.0/0',
];
const SIX: readonly Key[] = [
  '2001:db8::7',
  '2001:DB8:0::7',
  '2001:db8::/32',
  '2001:db8:1::/48',
  '::ffff:10.1.0.7',
  '::/0',
];
const WORDS: readonly Key[] = [
  'PASS',
  'DROP',
  'web',
  '1..9',
  '10.1.0.0/16',
  '02:00:00:00:00:07',
  'deadbeef',
  'a,b',
];

const SPELLINGS: Readonly<Record<string, readonly Key[]>> = {
  u32: [...NUMBERS, ...RANGES],
  s64: [...NUMBERS, ...RANGES],
  'enum { PASS = 1, DROP = 7 }': [...NUMBERS, ...RANGES, ...WORDS],
  ipv4: [...FOUR, ...NUMBERS],
  ipv6: SIX,
  cidr4: FOUR,
  cidr6: SIX,
  'char[16]': [...WORDS, ...NUMBERS, ...FOUR],
  'u8[4]': [...WORDS, ...NUMBERS],
  'struct { u32 vni; ipv4 address; }': [
    'vni=7,address=10.1.0.7',
    'address=10.1.0.7,vni=7',
    'vni=0x7,address=10.1.0.7',
  ],
};

interface Case {
  readonly name: string;
  readonly outerMap: OuterMap;
  readonly key: Key;
}

describeCluster('access policy and agents', fixture => {
  const cases = [...outerMaps()].flatMap(({ outerMap, keys }, at) =>
    keys.map((key, index) => ({ name: `case-${at}-${index}`, outerMap, key })),
  );

  before(async function () {
    this.timeout(120_000);
    await fixture.install();
    const maps = new Set(cases.map(({ outerMap }) => outerMap));
    await fixture.put({ apiVersion: 'v1', kind: 'List', items: [...maps].map(asObject) });
    const nobody = { name: 'nobody', outerMap: cases[0]!.outerMap, key: 7 };
    await until(
      () => fixture.apply(innerMap(nobody, 'kube-public'), '--dry-run=server'),
      ({ code }) => code !== 0,
    );
  });

  it('the policy refuses nothing that agents take, whatever the spelling', async function () {
    this.timeout(120_000);
    const admitted = await admittedBy(fixture, cases);
    const wronged = cases.filter(candidate => agentsTake(candidate) && !admitted.has(candidate.name));
    expect(wronged.map(caseText)).to.deep.equal([]);
    const taken = cases.filter(agentsTake).length;
    expect(taken, 'enough that agents take').to.be.above(cases.length / 6);
    expect(cases.length - admitted.size, 'enough that the policy refuses').to.be.above(cases.length / 10);
  });
});

/** Random rules for each type of key, which its parser takes, and spellings of keys that it takes. */
function* outerMaps(): Generator<{ readonly outerMap: OuterMap; readonly keys: readonly Key[] }> {
  for (const [index, [type, spellings]] of Object.entries(SPELLINGS).entries()) {
    const usable = spellings.filter(key => agentsRead(outerMapWith('any', type, [key])));
    const picks = fc.tuple(
      fc.subarray(usable, { minLength: 1, maxLength: Math.min(3, usable.length) }),
      fc.shuffledSubarray([...spellings]),
    );
    const sampled = fc.sample(picks, { numRuns: OUTER_MAPS_PER_TYPE, seed: SEED + index });
    for (const [at, [rules, keys]] of sampled.entries())
      yield {
        outerMap: outerMapWith(`map-${index}-${at}`, type, rules),
        keys: keys.slice(0, KEYS_PER_OUTER_MAP),
      };
  }
}

function outerMapWith(name: string, key: string, keys: readonly Key[]): OuterMap {
  const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32' };
  const spec = {
    type: 'HashOfMaps',
    maxEntries: 64,
    key,
    inner,
    access: [{ namespaces: ['default'], keys }],
  };
  const parsed = parseManifest({ apiVersion: API, kind: 'OuterMap', metadata: { name }, spec });
  if (!parsed.ok || parsed.value.kind !== 'OuterMap') throw new Error(JSON.stringify(parsed));
  return parsed.value.outerMap;
}

function agentsRead(outerMap: OuterMap): boolean {
  const layout = outerLayout(outerMap);
  return layout.ok && accessOf(outerMap, layout.value.outerKey).ok;
}

function agentsTake({ outerMap, key }: Case): boolean {
  const layout = outerLayout(outerMap);
  if (!layout.ok) return false;
  const access = accessOf(outerMap, layout.value.outerKey);
  const bytes = keyBytes(layout.value.outerKey, key);
  return access.ok && bytes.ok && access.value.mayDeclare('default', bytes.bytes);
}

/** One kubectl for all of them; it goes on behind a refusal. */
async function admittedBy(
  fixture: ControlPlaneFixture,
  cases: readonly Case[],
): Promise<ReadonlySet<string>> {
  const list = {
    apiVersion: 'v1',
    kind: 'List',
    items: cases.map(candidate => innerMap(candidate, 'default')),
  };
  const { out } = await fixture.kubectl.run(
    ['create', '--dry-run=server', '-o', 'name', '-f', '-'],
    JSON.stringify(list),
  );
  return new Set(
    out
      .trim()
      .split('\n')
      .map(line => line.replace(/^.*\//, '')),
  );
}

function asObject({ metadata: { name }, spec: { type, maxEntries, inner, access, key } }: OuterMap): object {
  return {
    apiVersion: API,
    kind: 'OuterMap',
    metadata: { name },
    spec: { type, maxEntries, inner, access, key },
  };
}

function innerMap({ name, outerMap, key }: Case, namespace: string): object {
  const spec = { outerMap: outerMap.metadata.name, key };
  return { apiVersion: API, kind: 'InnerMap', metadata: { name, namespace }, spec };
}

function caseText({ outerMap: { spec }, key }: Case): string {
  return `${spec.key} ${JSON.stringify(key)} by ${JSON.stringify(spec.access[0]?.keys)}`;
}
