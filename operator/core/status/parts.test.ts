import { expect } from 'chai';
import fc from 'fast-check';
import { cutMessage } from '../../api/status.ts';
import { canonicalText } from '../canonical.ts';
import { conditionsOf } from './conditions.ts';
import { setDigest } from './memory.ts';
import { NO_NODES, sameRollup } from './rollup.ts';
import { patchTo } from './statuses.ts';

describe('patchTo', () => {
  it('turns the written status into the wanted one', () => {
    const value = fc.oneof(fc.nat(), fc.string(), fc.array(fc.nat(), { maxLength: 2 }));
    const names = fc.constantFrom('a', 'b', 'c');
    const inner = fc.dictionary(names, value);
    const status = fc.dictionary(names, fc.oneof(value, inner));
    fc.assert(
      fc.property(status, status, (wanted, written) => {
        expect(canonicalText(merged(written, patchTo(wanted, written)))).to.equal(canonicalText(wanted));
      }),
    );
  });

  /** RFC 7386. */
  function merged(target: unknown, patch: unknown): unknown {
    if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch;
    const isObject = typeof target === 'object' && target !== null && !Array.isArray(target);
    const result: Record<string, unknown> = isObject ? { ...(target as object) } : {};
    for (const [name, value] of Object.entries(patch))
      if (value === null) delete result[name];
      else result[name] = merged(result[name], value);
    return result;
  }
});

describe('setDigest', () => {
  it('depends on the set, not on its order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.uuid(), { minLength: 1 }), fc.uuid(), (uids, other) => {
        const digest = setDigest(uids);
        expect(setDigest(uids.toReversed())).to.equal(digest);
        expect(setDigest([...uids, other])).not.to.equal(digest);
        expect(digest.length).to.be.at.most(64);
      }),
    );
  });
});

describe('sameRollup', () => {
  const failure = { node: 'a', reason: 'KernelError', message: 'EIO' } as const;
  const rollup = { ...NO_NODES, failures: [failure], behindNodes: ['b'] };

  it('finds each difference', () => {
    expect(sameRollup(rollup, { ...rollup, failures: [{ ...failure }], behindNodes: ['b'] })).to.equal(true);
    for (const other of [
      { ...rollup, ready: 1 },
      { ...rollup, behindNodes: ['c'] },
      { ...rollup, unknownNodes: ['c'] },
      { ...rollup, failures: [] },
      { ...rollup, failures: [{ ...failure, node: 'b' }] },
      { ...rollup, failures: [{ ...failure, message: 'other' }] },
      { ...rollup, failures: [{ ...failure, reason: 'OutOfMemory' as const }] },
    ])
      expect(sameRollup(rollup, other)).to.equal(false);
  });
});

describe('conditionsOf', () => {
  const acceptance = { accepted: 'True', reason: 'Accepted', message: 'Fine' } as const;
  const rollup = { ...NO_NODES, desired: 1, behind: 1, behindNodes: ['a'] };

  it('keeps the transition time until the status changes', () => {
    const first = conditionsOf({ acceptance, rollup, generation: 1, before: [], now: 'then' });
    const second = conditionsOf({ acceptance, rollup, generation: 2, before: first, now: 'later' });
    expect(second.map(({ lastTransitionTime }) => lastTransitionTime)).to.deep.equal([
      'then',
      'then',
      'then',
    ]);
    const done = { ...NO_NODES, desired: 1, ready: 1 };
    const third = conditionsOf({ acceptance, rollup: done, generation: 2, before: second, now: 'later' });
    expect(third.map(({ lastTransitionTime }) => lastTransitionTime)).to.deep.equal([
      'then',
      'later',
      'later',
    ]);
    expect(third.every(({ observedGeneration }) => observedGeneration === 2)).to.equal(true);
  });

  it('names three nodes, counts the rest, and is Programmed when all have reported', () => {
    const many = { ...NO_NODES, desired: 9, behind: 4, unknown: 5, behindNodes: ['a', 'b', 'c'] };
    const conditions = conditionsOf({
      acceptance,
      rollup: { ...many, unknownNodes: ['x', 'y', 'z'] },
      ...{ generation: 1, before: [], now: '' },
    });
    expect(conditions[1]!.message).to.equal(
      '4 of 9 nodes behind: a, b, c and 1 more; 5 of 9 nodes not reporting: x, y, z and 2 more',
    );
    const failures = [{ node: 'a', reason: 'OutOfMemory', message: 'ENOMEM' } as const];
    const answered = { ...NO_NODES, desired: 2, ready: 1, failed: 1, failures };
    const [, programmed, ready] = conditionsOf({
      ...{ acceptance, rollup: answered, generation: 1, before: [], now: '' },
    });
    expect(programmed).to.deep.include({ status: 'True', message: '2 nodes answered' });
    expect(ready!.message).to.equal('Failed on 1 of 2 nodes, the first is a: ENOMEM');
  });

  it('cuts messages to the CRD’s limit', () => {
    expect(cutMessage('x'.repeat(2_000))).to.have.length(1024);
    expect(cutMessage('x'.repeat(1_024))).to.have.length(1024);
  });
});
