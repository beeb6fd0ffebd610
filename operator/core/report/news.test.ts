import { expect } from 'chai';
import type { NodeMapStateStatus } from '../../api/status.ts';
import { newsIn } from './news.ts';

const outer = (name: string, mark?: string) => ({
  name,
  innerMaps: 1,
  entries: 1,
  bytes: 8,
  failuresTotal: 0,
  ...(mark === undefined ? {} : { programmedResourceVersion: mark }),
});

const state = (...outerMaps: ReturnType<typeof outer>[]): NodeMapStateStatus => ({
  node: { name: 'n', bootID: 'b', labelsHash: 'h' },
  outerMaps,
  failures: [],
  kernel: { release: '6.18', outerBatch: 'once', gracePeriodMs: 8, features: {} },
  drift: { found: 0, repaired: 0 },
  conditions: [],
});

describe('newsIn', () => {
  it('the first state is news', () => {
    expect(newsIn(state(), undefined)).to.equal('content');
  });

  it('the order of fields is none', () => {
    const { node, ...rest } = state(outer('a', '9'));
    expect(newsIn(state(outer('a', '9')), { ...rest, node })).to.equal('none');
  });

  it('versions are compared as numbers', () => {
    expect(newsIn(state(outer('a', '10')), state(outer('a', '9')))).to.equal('watermark');
    expect(newsIn(state(outer('a', '9')), state(outer('a', '10')))).to.equal('content');
  });

  it('one awaited watermark among others is news', () => {
    const before = state(outer('a', '5'), outer('b', '5'));
    const now = state(outer('a', '7'), outer('b', '7'));
    const changes = (a: string, b: string) =>
      new Map([
        ['a', a],
        ['b', b],
      ]);
    expect(newsIn(now, before, changes('5', '5'))).to.equal('watermark');
    expect(newsIn(now, before, changes('5', '6'))).to.equal('content');
  });

  it('a first watermark, and one that is gone, are news', () => {
    expect(newsIn(state(outer('a', '5')), state(outer('a')))).to.equal('content');
    expect(newsIn(state(outer('a')), state(outer('a', '5')))).to.equal('content');
  });

  it('drift that was found is news', () => {
    const before = state();
    expect(newsIn({ ...before, drift: { found: 1, repaired: 1 } }, before)).to.equal('content');
  });
});
