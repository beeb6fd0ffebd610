import { expect } from 'chai';
import type { NodeMapStateStatus } from '../../api/status.ts';
import { isNews, settled } from './news.ts';

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

describe('isNews', () => {
  it('the first state is news', () => {
    expect(isNews(state(), undefined)).to.equal(true);
  });

  it('the order of fields is none', () => {
    const { node, ...rest } = state(outer('a', '9'));
    expect(isNews(state(outer('a', '9')), { ...rest, node })).to.equal(false);
  });

  it('versions are compared as numbers', () => {
    expect(isNews(state(outer('a', '10')), state(outer('a', '9')))).to.equal(false);
    expect(isNews(state(outer('a', '9')), state(outer('a', '10')))).to.equal(true);
  });

  it('one awaited watermark among others is news', () => {
    const before = state(outer('a', '5'), outer('b', '5'));
    const now = state(outer('a', '7'), outer('b', '7'));
    const awaited = (a: string, b: string) =>
      new Map([
        ['a', a],
        ['b', b],
      ]);
    expect(isNews(now, before, awaited('5', '5'))).to.equal(false);
    expect(isNews(now, before, awaited('5', '6'))).to.equal(true);
  });

  it('a first watermark, and one that is gone, are news', () => {
    expect(isNews(state(outer('a', '5')), state(outer('a')))).to.equal(true);
    expect(isNews(state(outer('a')), state(outer('a', '5')))).to.equal(true);
  });

  it('a label that no selector names is none; one that they name is, and any where the list is missing', () => {
    const labelled = (labelsHash: string, selectorLabels?: readonly string[]) => ({
      ...state(),
      node: { name: 'n', bootID: 'b', labelsHash, ...(selectorLabels && { selectorLabels }) },
    });
    expect(isNews(labelled('2', ['zone=a']), labelled('1', ['zone=a']))).to.equal(false);
    expect(isNews(labelled('2', ['zone=b']), labelled('1', ['zone=a']))).to.equal(true);
    expect(isNews(labelled('2'), labelled('1'))).to.equal(true);
    expect(isNews(labelled('2', ['zone=a']), labelled('1'))).to.equal(true);
  });

  it('drift that was found is news', () => {
    const before = state();
    expect(isNews({ ...before, drift: { found: 1, repaired: 1 } }, before)).to.equal(true);
  });
});

describe('settled', () => {
  it('keeps the time of a condition until its status changes', () => {
    const ready = (
      status: 'True' | 'False',
      reason: 'Programmed' | 'Pending',
      lastTransitionTime: string,
    ) => ({
      ...state(),
      conditions: [{ type: 'Ready', status, reason, message: reason, lastTransitionTime }] as const,
    });
    const before = ready('False', 'Pending', 'then');
    const time = (now: NodeMapStateStatus) => settled(now, before).conditions[0]!.lastTransitionTime;
    expect(time(ready('False', 'Programmed', 'now'))).to.equal('then');
    expect(time(ready('True', 'Programmed', 'now'))).to.equal('now');
    expect(settled(before, undefined)).to.deep.equal(before);
  });
});
