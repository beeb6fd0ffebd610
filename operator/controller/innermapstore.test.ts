import { expect } from 'chai';
import type { InnerFacts } from '../core/status/facts.ts';
import { StatusFixture } from '../core/status/testing/fixture.ts';
import { InnerMapStore } from './innermapstore.ts';

describe('InnerMapStore', () => {
  let store: InnerMapStore;
  let web: InnerFacts;
  beforeEach(() => {
    const fixture = new StatusFixture();
    store = new InnerMapStore();
    web = { ...fixture.innerFacts('web'), resourceVersion: '5' };
    store.replace(new Map([[web.key, web]]), '10');
  });

  const deletedAt = () => store.deletions.get('tenants');

  it('takes what a list lacks for deleted, at the version of the list', () => {
    expect([deletedAt(), store.listed]).to.deep.equal([undefined, '10']);
    store.replace(new Map([[web.key, web]]), '15');
    expect(deletedAt()).to.equal(undefined);
    store.replace(new Map(), '20');
    expect(deletedAt()).to.equal('20');
  });

  it('takes an object made anew for a deletion before its own version: in a list, and as an event', () => {
    const anew = { ...web, uid: 'another', resourceVersion: '17' };
    store.replace(new Map([[web.key, anew]]), '20');
    expect(deletedAt()).to.equal('17');
    store.put(web.key, { ...anew, resourceVersion: '21' });
    expect(deletedAt(), 'the same object').to.equal('17');
    store.put(web.key, { ...web, uid: 'third', resourceVersion: '22' });
    expect(deletedAt()).to.equal('22');
  });

  it('notes a deletion of what it has alone, and forgets all when the server was restored', () => {
    store.remove('team/unknown', '30');
    expect(deletedAt()).to.equal(undefined);
    store.remove(web.key, '31');
    expect([deletedAt(), store.items.size]).to.deep.equal(['31', 0]);
    store.forget();
    expect(deletedAt()).to.equal(undefined);
  });
});
