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

  it('onChange is called for changes, and for the first list though it is empty', () => {
    const store = new Store<string>();
    let calls = 0;
    store.onChange(() => calls++);
    expect(store.hasSynced).to.equal(false);
    store.replace(new Map());
    expect([calls, store.hasSynced]).to.deep.equal([1, true]);
    store.replace(new Map());
    expect(calls).to.equal(1);
    store.put('a', 'x');
    store.remove('a');
    expect(calls).to.equal(3);
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
});
