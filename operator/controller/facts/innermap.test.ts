import { expect } from 'chai';
import { layoutOf } from '../../core/testing/layouts.ts';
import { innerFacts } from './innermap.ts';

describe('innerFacts', () => {
  const rows = Array.from({ length: 900 }, (_, at) => `${at},1`).join('\n');
  const object = {
    apiVersion: 'innermap.io/v1alpha1',
    kind: 'InnerMap',
    metadata: { name: 'web', namespace: 'a', uid: 'u', generation: 1, resourceVersion: '5' },
    spec: { outerMap: 'tenants', key: 1, table: `key,value\n${rows}\n` },
  };
  const contentWith = (left: number) =>
    innerFacts(object, {
      previous: undefined,
      layoutOf: () => layoutOf('u32', 'u8[1000]'),
      room: { left, bound: 'the memory of the test' },
    }).wanted!.content;

  it('checks contents for which there is room, and refuses others before it takes memory', () => {
    expect(contentWith(900 * 1004 - 1)).to.include({
      kind: 'invalid',
      reason: 'TooManyEntries',
      message:
        "Entries take 1 MiB: 1 MiB are left of the memory of the test: declare fewer, have that limit raised, or, where others hold the rest, have the OuterMap's owner set spec.maxNamespaceBytes",
    });
    expect(contentWith(900 * 1004)).not.to.include({ reason: 'TooManyEntries' });
  });
});
