import { expect } from 'chai';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import { type Applied, appliedChanges } from './applied.ts';

const NOW = '2026-11-25T00:00:00Z';
const ZONES = [{ zone: 'a' }, { zone: 'b' }];

interface Settings {
  readonly born?: Readonly<Record<string, string>>;
  readonly nodes?: readonly Readonly<Record<string, string>>[];
}

/** The changes of the files laid over the cluster. The cluster's objects are a year older, or as given. */
function applied(
  cluster: AgentFixture,
  files: AgentFixture,
  { born = {}, nodes = ZONES }: Settings = {},
): Applied {
  const [before, after] = [cluster.wanted(), files.wanted()];
  const aged = <T extends { metadata: { name: string } }>(object: T): T => ({
    ...object,
    metadata: {
      ...object.metadata,
      uid: 'u',
      creationTimestamp: born[object.metadata.name] ?? '2025-01-01T00:00:00Z',
    },
  });
  return appliedChanges({
    cluster: {
      outerMaps: before.outerMaps.map(aged),
      innerMaps: before.innerMaps.map(inner => ({ ...inner, innerMap: aged(inner.innerMap), cpus: 1 })),
    },
    files: {
      outerMaps: after.outerMaps.map(outerMap => ({ outerMap, origin: 'f:1' })),
      innerMaps: after.innerMaps.map(inner => ({ ...inner, origin: 'f:2', cpus: 1 })),
    },
    nodes,
    now: NOW,
  });
}

function kinds({ changes }: Applied): readonly string[] {
  return changes.map(({ kind, object }) => `${object} ${kind}`);
}

function problems({ problems: all }: Applied): readonly string[] {
  return all.map(({ object, reason }) => `${object} ${reason}`);
}

describe('appliedChanges', () => {
  const tenants = new AgentFixture().outer('tenants');
  const cluster = tenants.inner('a/web', 'tenants', 1, { 1: 1, 2: 2, 3: 3 });

  it('files that say what is there change nothing', () => {
    expect(kinds(applied(cluster, cluster))).to.deep.equal([
      'OuterMap tenants unchanged',
      'InnerMap a/web unchanged',
    ]);
  });

  it('tells what is new, with its entries', () => {
    const result = applied(tenants, cluster);
    expect(kinds(result)).to.deep.equal(['OuterMap tenants unchanged', 'InnerMap a/web created']);
    expect(result.changes[1]!.entries!.added).to.equal(3);
    expect(kinds(applied(new AgentFixture(), tenants))).to.deep.equal(['OuterMap tenants created']);
  });

  it('tells fields and entries that change', () => {
    const files = tenants
      .outer('tenants', { maxRemoval: 5, pinMode: '0640' }, { labels: { team: 'x' } })
      .inner('a/web', 'tenants', 1, { 2: 9, 1: 1, 4: 4 }, { update: 'InPlace' });
    const [outer, inner] = applied(cluster, files).changes;
    expect(outer!.fields).to.deep.equal([
      { field: 'metadata.labels.team', after: 'x' },
      { field: 'spec.pinMode', before: '0600', after: '0640' },
      { field: 'spec.maxRemoval', before: '50%', after: '5' },
    ]);
    expect(inner!.fields).to.deep.equal([{ field: 'spec.update', after: 'InPlace' }]);
    expect(inner!.entries).to.deep.equal({
      ...{ added: 1, changed: 1, removed: 1 },
      first: [
        { kind: 'changed', key: '2', before: '2', after: '9' },
        { kind: 'added', key: '4', after: '4' },
        { kind: 'removed', key: '3', before: '3' },
      ],
    });
  });

  it('contents that the cluster cannot read are as none; the file’s own are a problem', () => {
    const broken = tenants.inner('a/web', 'tenants', 1, { 1: 'text' });
    expect(applied(broken, cluster).changes[1]!.entries!.added).to.equal(3);
    expect(problems(applied(cluster, broken))).to.deep.equal(['InnerMap a/web InvalidEntries']);
  });

  it('a new InnerMap does not get a key that somebody has, an old one keeps it', () => {
    const thief = tenants.inner('a/a-thief', 'tenants', 1, {});
    expect(problems(applied(cluster, thief))).to.deep.equal(['InnerMap a/a-thief KeyConflict']);
    const both = cluster.inner('b/young', 'tenants', 1, {});
    const result = applied(both, cluster, { born: { young: '2025-06-01T00:00:00Z' } });
    expect(problems(result), 'known before').to.deep.equal([]);
  });

  it('disjoint node selectors are no conflict, overlapping ones are, as nodes are labelled', () => {
    const zone = (value: string) => ({ nodeSelector: { matchLabels: { zone: value } } });
    const a = tenants.inner('a/web', 'tenants', 1, {}, zone('a'));
    const b = tenants.inner('b/web', 'tenants', 1, {}, zone('b'));
    expect(problems(applied(a, b))).to.deep.equal([]);
    expect(problems(applied(a, tenants.inner('b/web', 'tenants', 1, {})))).to.deep.equal([
      'InnerMap b/web KeyConflict',
    ]);
  });

  it('a key that is not allowed, also where no node is selected and where the files take access away', () => {
    const nowhere = { nodeSelector: { matchExpressions: [{ key: 'gpu', operator: 'Exists' }] } };
    const access = { access: [{ namespaces: ['a'] }] };
    const stranger = tenants.outer('tenants', access).inner('b/web', 'tenants', 2, {}, nowhere);
    expect(problems(applied(tenants, stranger))).to.deep.equal(['InnerMap b/web KeyNotAllowed']);
    const other = cluster.inner('b/web', 'tenants', 2, {});
    expect(problems(applied(other, tenants.outer('tenants', access)))).to.deep.equal([
      'InnerMap b/web KeyNotAllowed',
    ]);
  });

  it('what is immutable cannot change; programOwned, maxEntriesLimit and an inner map’s maxEntries can', () => {
    const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'struct { u32 a; u32 b; }' };
    const structs = new AgentFixture().outer('tenants', { inner }).inner('a/web', 'tenants', 1, {});
    const owned = structs
      .outer('tenants', { inner: { ...inner, programOwned: ['b'], maxEntriesLimit: 32 } })
      .inner('a/web', 'tenants', 1, {}, { maxEntries: 32 });
    expect(problems(applied(structs, owned))).to.deep.equal([]);
    const result = applied(structs, tenants.inner('a/web', 'tenants', 2, {}));
    expect(result.problems.map(({ message }) => message)).to.deep.equal([
      'spec.inner.value cannot change: the kernel cannot change the layout of a map, make another OuterMap ' +
        '(spec.inner.value is struct { u32 a; u32 b; }, declared is u32)',
      'spec.key cannot change: delete this InnerMap and make another',
    ]);
  });

  it('a layout that the kernel makes the same of can change as far as the API server lets it', () => {
    const told = (before: object, after: object) => {
      const inner = { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32' };
      const [one, other] = [before, after].map(given =>
        new AgentFixture()
          .outer('tenants', { inner: { ...inner, ...given } })
          .inner('a/web', 'tenants', 1, {}),
      );
      return applied(one!, other!).problems.map(({ message }) => message.replace(/:.*/, ''));
    };
    const array = { type: 'Array', maxEntries: 4 };
    expect(told({}, { maxEntries: 32 })).to.deep.equal([]);
    expect(told(array, { ...array, maxEntries: 8 })).to.deep.equal(['spec.inner.maxEntries cannot change']);
    expect(told({ value: 'struct { __u32 a; }' }, { value: 'struct {\n uint32_t b;\n}' })).to.deep.equal([]);
    expect(told({}, { value: '__u32' })).to.deep.equal([]);
    expect(told({}, { value: 'unsigned int' })).to.deep.equal(['spec.inner.value cannot change']);
    expect(told({ value: 'struct { __u32 a; }' }, { value: 'struct { u32 a; u8 b; }' })).to.deep.equal([
      'spec.inner.value cannot change',
    ]);
    expect(told({ value: 'enum { A = 1 }' }, { value: 'enum { A = 1, B = 2 }' })).to.deep.equal([]);
    expect(told({ value: 'enum { A = 1 }' }, { value: 'enum { A = 1, B = -2 }' })).to.deep.equal([
      'spec.inner.value cannot change',
    ]);
  });

  it('an InnerMap whose OuterMap nobody has, or has wrong, is told', () => {
    const orphan = new AgentFixture().inner('a/web', 'nobody', 1, {});
    expect(problems(applied(tenants, orphan))).to.deep.equal(['InnerMap a/web OuterMapNotFound']);
    expect(kinds(applied(orphan, orphan))).to.deep.equal(['InnerMap a/web unchanged']);
    const wrong = tenants.inner('a/web', 'tenants', 1, {}).outer('tenants', { key: 'nonsense' });
    expect(problems(applied(tenants, wrong))).to.include('OuterMap tenants LayoutMismatch');
  });

  it('inner maps without contents have none to compare', () => {
    const rings = new AgentFixture().outer('rings', { inner: { type: 'RingBuf', maxEntries: 4096 } });
    const result = applied(rings, rings.inner('a/web', 'rings', 1, {}));
    expect(result.changes[1]).to.deep.equal({
      kind: 'created',
      object: 'InnerMap a/web',
      origin: 'f:2',
      fields: [],
    });
  });
});
