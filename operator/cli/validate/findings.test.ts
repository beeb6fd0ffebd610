import { expect } from 'chai';
import { AgentFixture } from '../../agent/testing/fixture.ts';
import { validationProblems } from './findings.ts';

describe('validationProblems', () => {
  const scene = new AgentFixture().outer('tenants', {}).inner('a/web', 'tenants', 1, {});

  it('says of InnerMaps whose OuterMap has errors that it has, as it is among the files', () => {
    const wanted = { ...scene.without('tenants').wanted(), faulty: new Set(['tenants']) };
    expect(messagesOf(wanted)).to.deep.equal([
      'InnerMap a/web: contents and key were not checked: OuterMap tenants has errors: mend those first',
    ]);
  });

  it('says of InnerMaps whose OuterMap is not there that it is not', () => {
    expect(messagesOf(scene.without('tenants').wanted())).to.deep.equal([
      'InnerMap a/web: contents and key were not checked: OuterMap tenants is not among these files',
    ]);
  });

  function messagesOf(wanted: ReturnType<AgentFixture['wanted']>): readonly string[] {
    return validationProblems({ wanted, sizes: [], files: 1 }).map(({ message }) => message);
  }
});
