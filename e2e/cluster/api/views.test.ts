import { expect } from 'chai';
import { type Schema, schemasIn } from '../../crdschema.ts';
import { type ControlPlaneFixture, describeCluster, until } from '../controlplanefixture.ts';

const API = 'innermap.io/v1alpha1';
const NOW = '2026-11-20T10:00:00Z';

const TENANTS = {
  apiVersion: API,
  kind: 'OuterMap',
  metadata: { name: 'tenants' },
  spec: {
    type: 'HashOfMaps',
    maxEntries: 16,
    key: 'ipv4',
    inner: { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32' },
    access: [{ namespaces: ['default'] }],
  },
};
const WEB = innerMap('web', { outerMap: 'tenants', key: '10.1.0.7' });
const OTHER = innerMap('numbered', { outerMap: 'slots', key: 7 });
const STATE = { apiVersion: API, kind: 'NodeMapState', metadata: { name: 'worker-1' } };

describeCluster('kubectl get and explain on a real API server', fixture => {
  before(async function () {
    this.timeout(120_000);
    await fixture.install();
    await put(fixture, TENANTS, {
      innerMaps: 2,
      nodes: { summary: '3/5' },
      conditions: [condition('Ready', 'False')],
    });
    const nodes = { desired: 5, ready: 5, failed: 0, unknown: 0, withoutAgent: 1, summary: '5/5' };
    await put(fixture, WEB, { entries: 12, nodes, conditions: [condition('Ready', 'True')] });
    await put(fixture, OTHER, { conditions: [condition('Accepted', 'True')] });
    const totals = { innerMaps: 2, failures: 1, retained: 3 };
    await put(fixture, STATE, {
      totals,
      conditions: [condition('Ready', 'True'), condition('Drifted', 'False')],
    });
  });

  it('OuterMap, InnerMap and NodeMapState tell their story in their columns', async () => {
    expect(await table(fixture, 'om')).to.deep.equal([
      ['NAME', 'TYPE', 'INNER', 'MAPS', 'NODES', 'READY', 'AGE'],
      ['tenants', 'HashOfMaps', 'Hash', '2', '3/5', 'False', 'AGE'],
    ]);
    expect(await table(fixture, 'im', 'web')).to.deep.equal([
      ['NAME', 'OUTER', 'KEY', 'ENTRIES', 'NODES', 'READY', 'REASON', 'AGE'],
      ['web', 'tenants', '10.1.0.7', '12', '5/5', 'True', 'Programmed', 'AGE'],
    ]);
    expect(await table(fixture, 'nms')).to.deep.equal([
      ['NAME', 'MAPS', 'FAILURES', 'RETAINED', 'DRIFT', 'READY', 'CHANGED', 'AGE'],
      ['worker-1', '2', '1', '3', 'False', 'True', 'AGE', 'AGE'],
    ]);
  });

  it('what no status tells yet is an empty cell, and a key that is a number is shown', async () => {
    expect(await table(fixture, 'im', 'numbered')).to.deep.equal([
      ['NAME', 'OUTER', 'KEY', 'ENTRIES', 'NODES', 'READY', 'REASON', 'AGE'],
      ['numbered', 'slots', '7', 'AGE'],
    ]);
  });

  for (const words of [
    'om,im,nms',
    'ebpf',
    'outermaps,innermaps,nodemapstates',
    'outermap,innermap,nodemapstate',
  ]) {
    it(`kubectl get ${words} shows all three kinds`, async () => {
      const names = await fixture.kubectl.must(['get', words, '-o', 'name']);
      const kinds = ['innermap', 'innermap', 'nodemapstate', 'outermap'];
      expect(
        names
          .trim()
          .split('\n')
          .map(name => name.split('.')[0])
          .sort(),
      ).to.deep.equal(kinds);
    });
  }

  it('the field selector spec.outerMap finds the InnerMaps of one outer map, and no other field does', async () => {
    const of = (selector: string) =>
      fixture.kubectl.run(['get', 'im', '-A', '-o', 'name', '--field-selector', selector]);
    expect((await of('spec.outerMap=tenants')).out).to.equal('innermap.innermap.io/web\n');
    expect((await of('spec.outerMap!=tenants')).out).to.equal('innermap.innermap.io/numbered\n');
    expect((await of('spec.outerMap=absent')).out).to.equal('');
    expect((await of('spec.key=7')).error).to.contain('field label not supported: spec.key');
  });

  it('a watch with the field selector sees what is of its outer map', async () => {
    const path = `/apis/${API}/innermaps?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan`;
    const query = '&allowWatchBookmarks=true&timeoutSeconds=1&fieldSelector=spec.outerMap%3Dtenants';
    const lines = (await fixture.kubectl.must(['get', '--raw', path + query])).trim().split('\n');
    const events = lines.map(line => JSON.parse(line));
    expect(events.map(({ type }) => type)).to.deep.equal(['ADDED', 'BOOKMARK']);
    expect(events[0].object.metadata.name).to.equal('web');
    expect(events[1].object.metadata.annotations).to.deep.equal({ 'k8s.io/initial-events-end': 'true' });
  });

  const explained: readonly (readonly [string, RegExp])[] = [
    [
      'innermap.spec.entries',
      /entries <\[\]Object>.*key\s+<Object> -required-.*value\s+<Object> -required-/s,
    ],
    ['outermap.spec.access.namespaces', /Names of namespaces, or globs/],
    ['nms.status.outerMaps.programmedResourceVersion', /The watermark: every InnerMap/],
  ];
  for (const [field, words] of explained) {
    it(`kubectl explain ${field} is documentation`, async () => {
      const { out } = await until(
        () => fixture.kubectl.run(['explain', field]),
        ({ code }) => code === 0,
      );
      expect(out).to.match(words);
    });
  }

  it('the served schema describes every field', async () => {
    const document = JSON.parse(await fixture.kubectl.must(['get', '--raw', `/openapi/v3/apis/${API}`]));
    const kinds = ['InnerMap', 'NodeMapState', 'OuterMap'];
    for (const kind of kinds) {
      const schema: Schema = document.components.schemas[`io.innermap.v1alpha1.${kind}`];
      const silent = [...schemasIn(schema)].filter(
        ({ path, schema: field }) => isOurs(path) && !field.description,
      );
      expect(silent.map(({ path }) => path)).to.deep.equal([]);
    }
  });
});

function innerMap(name: string, spec: object): object {
  return { apiVersion: API, kind: 'InnerMap', metadata: { name, namespace: 'default' }, spec };
}

function condition(type: string, status: string): object {
  return {
    type,
    status,
    reason: 'Programmed',
    message: 'as declared',
    observedGeneration: 1,
    lastTransitionTime: NOW,
  };
}

async function put(fixture: ControlPlaneFixture, object: object, status: object): Promise<void> {
  await fixture.put(object);
  await fixture.put({ ...object, status }, '--subresource=status');
}

/** The cells of `kubectl get`, but how old an object is. */
async function table(
  fixture: ControlPlaneFixture,
  ...words: readonly string[]
): Promise<readonly (readonly string[])[]> {
  const lines = (await fixture.kubectl.must(['get', ...words])).trimEnd().split('\n');
  return lines.map(line =>
    line
      .trimEnd()
      .split(/\s{2,}/)
      .map(cell => cell.replace(/^\d+s$/, 'AGE')),
  );
}

/** Neither the items of a list of texts, nor the values of an object of texts, nor what every object has. */
function isOurs(path: string): boolean {
  return !/\[\]$|\{\}$|^$|^\.metadata/.test(path);
}
