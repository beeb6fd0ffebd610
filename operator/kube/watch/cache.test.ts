import { expect } from 'chai';
import type { KubeObject } from '../client.ts';
import { WatchCache } from './cache.ts';

describe('WatchCache', () => {
  function mirrored() {
    const told: string[] = [];
    const mirror = new WatchCache<KubeObject>({
      transform: object => object,
      consumer: {
        replace: (items, version) => told.push(`replace ${[...items.keys()].join()} as of ${version}`),
        put: key => told.push(`put ${key}`),
        remove: (key, version) => told.push(`remove ${key} as of ${version}`),
      },
      failed: () => {},
    });
    return { mirror, told };
  }

  function object(name: string, resourceVersion: string): KubeObject {
    return { metadata: { name, uid: `uid-${name}`, resourceVersion } };
  }

  it('tells as of which version a set is, and at which an object went', () => {
    const { mirror, told } = mirrored();
    mirror.begin();
    mirror.put(object('a', '3'));
    mirror.complete('7');
    mirror.put(object('b', '8'));
    mirror.delete(object('a', '9'));
    mirror.begin();
    mirror.complete('20');
    expect(told).to.deep.equal(['replace a as of 7', 'put b', 'remove a as of 9', 'replace  as of 20']);
  });
});
