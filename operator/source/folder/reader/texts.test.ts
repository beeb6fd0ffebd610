import { expect } from 'chai';
import type { WantedInner } from '../../../core/wanted.ts';
import { CommonTexts } from './texts.ts';

const INNER: WantedInner = {
  innerMap: {
    kind: 'InnerMap',
    metadata: { name: 'web', namespace: 'n'.repeat(200), labels: {}, annotations: {} },
    spec: { outerMap: 'o'.repeat(200), key: 7, sealed: false },
  },
  content: {
    kind: 'encoded',
    entries: { count: 0, keys: new Uint8Array(), values: new Uint8Array() },
    layoutDigest: 'd'.repeat(200),
  },
};
const COUNT = 2_000;

describe('CommonTexts', () => {
  it('keep changes nothing that can be seen', () => {
    const texts = new CommonTexts();
    const kinds: WantedInner['content'][] = [
      INNER.content,
      { kind: 'pending' },
      { kind: 'invalid', reason: 'InvalidEntries', message: 'x' },
    ];
    for (const content of kinds) {
      const inner = structuredClone({ ...INNER, content });
      texts.keep(inner);
      expect(inner).to.deep.equal({ ...INNER, content });
    }
  });

  it('keep: what came in many messages has each common text once', () => {
    const texts = new CommonTexts();
    const asTheyCome = memoryOf(() => structuredClone(INNER));
    const kept = memoryOf(() => {
      const inner = structuredClone(INNER);
      texts.keep(inner);
      return inner;
    });
    expect(asTheyCome - kept).to.be.above(COUNT * 500);
  });
});

/** Bytes that so many take. */
function memoryOf(make: () => WantedInner): number {
  const all: WantedInner[] = [];
  globalThis.gc!();
  const before = process.memoryUsage().heapUsed;
  for (let at = 0; at < COUNT; at++) all.push(make());
  globalThis.gc!();
  const after = process.memoryUsage().heapUsed;
  expect(all).to.have.length(COUNT);
  return after - before;
}
