import { expect } from 'chai';
import { Store } from './store.ts';

describe('Store', () => {
  it('snapshot is the same object while nothing changed', () => {
    const store = new Store<string>();
    store.replace(new Map([['a', 'x']]));
    const first = store.snapshot();
    store.put('a', 'x');
    store.remove('none');
    store.replace(new Map([['a', 'x']]));
    expect(store.snapshot()).to.equal(first);
    store.put('a', 'y');
    expect(store.snapshot()).not.to.equal(first);
    expect(first.get('a')).to.equal('x');
  });

  it('tells of changes, and of the first set though it is empty', () => {
    const store = new Store<string>();
    let told = 0;
    const end = store.onChange(() => told++);
    expect(store.hasSynced).to.equal(false);
    store.replace(new Map());
    expect([told, store.hasSynced]).to.deep.equal([1, true]);
    store.replace(new Map());
    expect(told).to.equal(1);
    store.put('a', 'x');
    store.remove('a');
    expect(told).to.equal(3);
    end();
    store.put('a', 'x');
    expect(told).to.equal(3);
  });

  it('replace removes what is not in it', () => {
    const store = new Store<string>();
    store.replace(
      new Map([
        ['a', 'x'],
        ['b', 'y'],
      ]),
    );
    store.replace(
      new Map([
        ['b', 'y'],
        ['c', 'z'],
      ]),
    );
    expect([...store.snapshot()]).to.deep.equal([
      ['b', 'y'],
      ['c', 'z'],
    ]);
    expect([store.size, store.get('a'), store.get('c')]).to.deep.equal([2, undefined, 'z']);
  });

  it('one listener that throws keeps no other from being told', () => {
    const store = new Store<string>();
    let told = 0;
    store.onChange(() => {
      throw new Error('listener');
    });
    store.onChange(() => told++);
    expect(() => store.put('a', 'x')).to.throw('listener');
    expect(told).to.equal(1);
  });
});
