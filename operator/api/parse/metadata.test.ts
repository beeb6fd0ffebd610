import { expect } from 'chai';
import { innerMap, outerMap, parsedInner, problems } from './testing/build.ts';

describe('parseManifest: metadata', () => {
  it('puts an InnerMap without a namespace into default', () => {
    expect(parsedInner({}, { namespace: undefined }).innerMap.metadata.namespace).to.equal('default');
  });

  it('refuses a namespace on an OuterMap, which has none', () => {
    expect(problems(outerMap({}, { namespace: 'team-a' }))).to.deep.equal([
      'metadata.namespace: Not known here: an OuterMap has no namespace, take it out',
    ]);
  });

  it('takes dots in the name of an InnerMap, not in that of an OuterMap', () => {
    expect(parsedInner({}, { name: 'web.v2' }).innerMap.metadata.name).to.equal('web.v2');
    expect(problems(outerMap({}, { name: 'web.v2' }))[0]).to.contain(
      'no dots (it names a directory in the bpffs)',
    );
  });

  for (const name of ['', '-a', 'a-', 'A', 'a_b', 'a..b', '.a', 'a/b', 'ä', 'a'.repeat(254)]) {
    it(`refuses the name ${JSON.stringify(name.slice(0, 12))} (${name.length})`, () => {
      expect(problems(innerMap({}, { name })).join()).to.match(/^metadata\.name: Must be /);
    });
  }

  it('says to quote a name that YAML made a number or boolean of', () => {
    expect(problems(innerMap({}, { name: 7 }))[0]).to.match(/not the number 7: put it in quotes$/);
    expect(problems(innerMap({}, { namespace: false }))[0]).to.match(
      /not the boolean false: put it in quotes$/,
    );
  });

  it('keeps what the API server wrote and decisions rest on', () => {
    const server = {
      uid: 'u-1',
      generation: 3,
      resourceVersion: '812',
      creationTimestamp: '2026-11-20T10:00:00Z',
    };
    const { metadata } = parsedInner(
      {},
      { ...server, managedFields: [{}], finalizers: [], newInKubernetes: 1 },
    ).innerMap;
    expect(metadata).to.deep.equal({
      name: 'web',
      namespace: 'team-a',
      ...server,
      labels: {},
      annotations: {},
    });
  });

  it('reports a misspelt field only where an author wrote the metadata', () => {
    expect(problems(innerMap({}, { annotation: {} }))).to.deep.equal([
      'metadata.annotation: Unknown field: did you mean annotations',
    ]);
    expect(problems(innerMap({}, { annotation: {}, resourceVersion: '1' }))).to.deep.equal([]);
  });

  it('keeps labels, and of the annotations only ours: the last applied manifest is as large as the object', () => {
    const { metadata } = parsedInner(
      {},
      {
        labels: { app: 'web' },
        annotations: {
          'kubectl.kubernetes.io/last-applied-configuration': '{}',
          'innermap.io/release-removal': 'abc',
        },
      },
    ).innerMap;
    expect(metadata.labels).to.deep.equal({ app: 'web' });
    expect(metadata.annotations).to.deep.equal({ 'innermap.io/release-removal': 'abc' });
  });

  it('refuses labels and annotations that are not text', () => {
    expect(problems(innerMap({}, { labels: { edge: true } }))[0]).to.match(
      /^metadata\.labels\.edge: .*put it in quotes$/,
    );
    expect(problems(innerMap({}, { annotations: { 'innermap.io/release-removal': 123 } }))[0]).to.equal(
      'metadata.annotations.innermap.io/release-removal: Must be text, not the number 123: put it in quotes',
    );
    expect(problems(innerMap({}, { labels: [] }))[0]).to.equal(
      'metadata.labels: Must be an object of text, not a list',
    );
  });
});
