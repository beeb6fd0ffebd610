import { expect } from 'chai';
import type { KubeObject } from '../client.ts';
import { WatchCache } from './cache.ts';

describe('WatchCache', () => {
  function recorded() {
    const calls: string[] = [];
    const cache = new WatchCache<KubeObject>({
      transform: object => object,
      consumer: {
        replace: (items, version) => calls.push(`replace ${[...items.keys()].join()} as of ${version}`),
        put: key => calls.push(`put ${key}`),
        remove: (key, version) => calls.push(`remove ${key} as of ${version}`),
      },
      failed: () => {},
    });
    return { cache, calls };
  }

  function object(name: string, resourceVersion: string): KubeObject {
    return { metadata: { name, uid: `uid-${name}`, resourceVersion } };
  }

  it('passes on the version of a list, and that of a deletion', () => {
    const { cache, calls } = recorded();
    cache.beginList();
    cache.put(object('a', '3'));
    cache.completeList('7');
    cache.put(object('b', '8'));
    cache.delete(object('a', '9'));
    cache.beginList();
    cache.completeList('20');
    expect(calls).to.deep.equal(['replace a as of 7', 'put b', 'remove a as of 9', 'replace  as of 20']);
  });
});
