import { join } from 'node:path';
import { expect } from 'chai';
import { REPOSITORY, readSamples, SAMPLES } from '../../crdschema.ts';
import { type ControlPlaneFixture, describeCluster } from '../controlplanefixture.ts';

const ALL = readSamples();
const VALID = ALL.filter(({ refused }) => refused === undefined);
const REFUSED = ALL.filter(({ refused }) => refused !== undefined);

/** A null in an untyped field: server-side apply drops it after the check that it is there, so that agents have to refuse it. */
const TAKEN_BY_APPLY = ['invalid-innermap-entry-null-key.yaml'];

const LAYOUT = 'Immutable: the kernel cannot change the layout of a map, make another OuterMap';
const PLACE = 'Immutable: delete this InnerMap and make another';

/** An edit of a valid sample's spec, and where and how it is refused; nothing where it is allowed. */
const EDITS: readonly (readonly [
  kind: string,
  name: string,
  spec: object,
  refused?: readonly [string, string],
])[] = [
  ['om', 'everything', { type: 'ArrayOfMaps' }, ['spec.type', LAYOUT]],
  ['om', 'everything', { maxEntries: 1025 }, ['spec.maxEntries', LAYOUT]],
  ['om', 'everything', { key: '__be32' }, ['spec.key', LAYOUT]],
  ['om', 'everything', { flags: [] }, ['spec.flags', LAYOUT]],
  ['om', 'everything', { flags: null }, ['spec.flags', LAYOUT]],
  ['om', 'everything', { inner: { type: 'LRUHash' } }, ['spec.inner.type', LAYOUT]],
  ['om', 'limits', { inner: { maxEntries: 9 } }, ['spec.inner.maxEntries', LAYOUT]],
  ['om', 'everything', { inner: { maxEntries: null } }, ['spec.inner.maxEntries', 'Missing: an integer']],
  [
    'om',
    'everything',
    { inner: { key: 'struct { __be16 port; __u8 proto; u8 rest; }' } },
    ['spec.inner.key', LAYOUT],
  ],
  ['om', 'everything', { inner: { maxEntries: 8192 } }],
  ['om', 'everything', { inner: { key: 'struct {\n\t__be16 port;\n\tuint8_t proto;\n}' } }],
  ['om', 'index-key', { key: 'uint32_t' }],
  ['om', 'everything', { inner: { key: 'u32' } }, ['spec.inner.key', LAYOUT]],
  ['om', 'everything', { inner: { value: 'u32' } }, ['spec.inner.value', LAYOUT]],
  ['om', 'everything', { inner: { flags: [] } }, ['spec.inner.flags', LAYOUT]],
  ['om', 'limits', { key: 'u32' }, ['spec.key', LAYOUT]],
  ['om', 'index-key', { key: null }, ['spec.key', LAYOUT]],
  ['om', 'everything', { inner: { programOwned: [] } }],
  ['om', 'everything', { inner: { maxEntriesLimit: 131_072 } }],
  ['om', 'everything', { inner: { maxEntriesLimit: null } }],
  ['om', 'everything', { pin: 'elsewhere', pinMode: '0644', maxRemoval: 0, deletionPolicy: 'Retain' }],
  ['om', 'everything', { access: [{ namespaces: ['other'] }], nodeSelector: null, undeclaredKeys: null }],
  ['om', 'everything', { provision: 'Adopt' }],
  ['im', 'web', { outerMap: 'limits' }, ['spec.outerMap', PLACE]],
  ['im', 'web', { key: '10.1.0.8' }, ['spec.key', PLACE]],
  ['im', 'per-cpu', { key: '3' }, ['spec.key', PLACE]],
  ['im', 'web', { entries: null, table: 'key.port,key.proto,value.action\n1,2,3\n', sealed: true }],
  ['im', 'web', { sealed: false, update: 'InPlace', content: 'AtLeast', maxEntries: 7 }],
];

describeCluster('crds on a real API server', fixture => {
  before(function () {
    this.timeout(120_000);
    return fixture.install();
  });
  describe('samples', () => samples(fixture));
  describe('edits', () => edits(fixture));
});

function samples(fixture: ControlPlaneFixture): void {
  it('every CRD is structural, its names are free and its rules are within the cost budget', async () => {
    const list = JSON.parse(await fixture.kubectl.must(['get', 'crd', '-o', 'json']));
    const conditions = list.items.map((crd: Crd) => [crd.metadata.name, ...crd.status.conditions.map(text)]);
    const well = ['NamesAccepted=True', 'Established=True'];
    const names = ['innermaps.innermap.io', 'nodemapstates.innermap.io', 'outermaps.innermap.io'];
    expect(conditions).to.deep.equal(names.map(name => [name, ...well]));
  });

  for (const { name } of VALID) {
    it(`${name} is applied`, async () => {
      const { code, out, error } = await fixture.kubectl.run([
        'apply',
        '--server-side',
        '-f',
        join(SAMPLES, name),
      ]);
      expect({ code, error }).to.deep.equal({ code: 0, error: '' });
      expect(out).to.match(/ serverside-applied\n$/);
    });
  }

  for (const { name, refused } of REFUSED) {
    const verb = TAKEN_BY_APPLY.includes(name) ? ['create'] : ['apply', '--server-side'];
    it(`${name} is refused at kubectl ${verb[0]} with its words`, async () => {
      const { code, error } = await fixture.kubectl.run([...verb, '-f', join(SAMPLES, name)]);
      expect(code).to.equal(1);
      expect(error).to.contain(refused?.words);
    });
  }

  for (const name of TAKEN_BY_APPLY) {
    it(`${name} is taken by server-side apply, without what is null`, async () => {
      await fixture.kubectl.must(['apply', '--server-side', '-f', join(SAMPLES, name)]);
      const entries = await fixture.kubectl.must(['get', 'im', 'refused', '-o', 'jsonpath={.spec.entries}']);
      expect(JSON.parse(entries)).to.deep.equal([{ value: 2 }]);
      await fixture.kubectl.must(['delete', 'im', 'refused']);
    });
  }

  it('nothing that was refused is there', async () => {
    const names = await fixture.kubectl.must(['get', 'om,im', '-A', '-o', 'name']);
    expect(names).not.to.match(/refused|with\.dot/);
  });

  it('what is absent gets the defaults that the parser fills in', async () => {
    const outer = JSON.parse(await fixture.kubectl.must(['get', 'om', 'minimal', '-o', 'json'])).spec;
    expect(outer).to.deep.include({
      flags: [],
      pinMode: '0600',
      provision: 'Create',
      maxRemoval: '50%',
      deletionPolicy: 'Retain',
    });
    expect(outer.inner.flags).to.deep.equal([]);
    expect(outer).not.to.have.any.keys('undeclaredKeys', 'pin', 'nodeSelector');
    const inner = JSON.parse(await fixture.kubectl.must(['get', 'im', 'empty', '-o', 'json'])).spec;
    expect(inner).to.deep.equal({ outerMap: 'minimal', key: '0x2a', sealed: false });
  });

  it('a key keeps its type: a number stays a number, text stays text', async () => {
    const keys = await fixture.kubectl.must([
      'get',
      'im',
      'per-cpu',
      'empty',
      '-o',
      'jsonpath={.items[*].spec.key}',
    ]);
    expect(keys).to.equal('3 0x2a');
    const text = await fixture.apply(innerMap({ name: 'text', key: '42' }));
    expect(text.error).to.equal('');
    expect(JSON.parse(await fixture.kubectl.must(['get', 'im', 'text', '-o', 'json'])).spec.key).to.equal(
      '42',
    );
    await fixture.kubectl.must(['delete', 'im', 'text']);
  });
}

function edits(fixture: ControlPlaneFixture): void {
  before(function () {
    this.timeout(60_000);
    const files = VALID.flatMap(({ name }) => ['-f', join(SAMPLES, name)]);
    return fixture.kubectl.must(['apply', '--server-side', ...files]);
  });

  for (const [kind, name, spec, refused] of EDITS) {
    it(`${kind}/${name}: ${JSON.stringify(spec)} is ${refused === undefined ? 'taken' : 'refused'}`, async () => {
      const { code, error } = await edited(fixture, `${kind}/${name}`, { spec });
      if (refused === undefined) expect({ code, error }).to.deep.equal({ code: 0, error: '' });
      else expect(error).to.contain(`${refused[0]}: Invalid value: `).and.to.contain(refused[1]);
    });
  }

  it('a status is written by the subresource alone, and leaves the generation', async () => {
    const before = await generation(fixture);
    await edited(fixture, 'im/web', { status: { entries: 5 } });
    expect(await fixture.kubectl.must(['get', 'im', 'web', '-o', 'jsonpath={.status}'])).to.equal('');
    await edited(
      fixture,
      'im/web',
      { status: { entries: 5 }, spec: { entries: [] } },
      '--subresource=status',
    );
    expect(await fixture.kubectl.must(['get', 'im', 'web', '-o', 'jsonpath={.status}'])).to.equal(
      '{"entries":5}',
    );
    expect(await generation(fixture)).to.equal(before);
  });

  it('the examples are applied as their README says', async () => {
    await fixture.kubectl.must(['delete', 'im,om', '--all', '-A']);
    await fixture.namespaces('team-a', 'team-b');
    const folder = join(REPOSITORY, 'examples');
    const applied = await fixture.kubectl.must(['apply', '--server-side', '-f', folder]);
    expect(applied.trimEnd().split('\n').length).to.equal(10);
  });
}

interface Crd {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
}

function text({ type, status }: { readonly type: string; readonly status: string }): string {
  return `${type}=${status}`;
}

function innerMap({ name, key }: { readonly name: string; readonly key: string | number }): object {
  const metadata = { name, namespace: 'default' };
  return {
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'InnerMap',
    metadata,
    spec: { outerMap: 'minimal', key },
  };
}

function edited(fixture: ControlPlaneFixture, name: string, patch: object, ...words: readonly string[]) {
  return fixture.kubectl.run(['patch', name, '--type=merge', '-p', JSON.stringify(patch), ...words]);
}

function generation(fixture: ControlPlaneFixture): Promise<string> {
  return fixture.kubectl.must(['get', 'im', 'web', '-o', 'jsonpath={.metadata.generation}']);
}
