import { expect } from 'chai';
import { goalOf, versionOf } from './resourceversion.ts';

describe('versionOf', () => {
  it('takes plain decimals and nothing else', () => {
    expect(versionOf('0')).to.equal(0);
    expect(versionOf('81240')).to.equal(81240);
    expect(versionOf('9007199254740991')).to.equal(Number.MAX_SAFE_INTEGER);
    for (const text of [
      undefined,
      '',
      '01',
      '-1',
      '1.5',
      '1e3',
      ' 1',
      'x',
      '9007199254740993',
      '1'.repeat(40),
    ])
      expect(versionOf(text), text).to.be.NaN;
  });

  it('as a goal is out of reach where it cannot be read', () => {
    expect(goalOf('7')).to.equal(7);
    expect(goalOf('seven')).to.equal(Number.POSITIVE_INFINITY);
  });
});
