import { expect } from 'chai';
import { sampleOf } from './child.ts';

describe('bench: child', () => {
  it('sampleOf takes the last line, its seconds, and its other numbers', () => {
    const sample = sampleOf('note\n{"what":"apply","maps":3,"seconds":0.5}\n', 'bulk');
    expect(sample).to.deep.equal({ seconds: 0.5, maps: 3 });
  });

  it('sampleOf names the command that told no time', () => {
    expect(() => sampleOf('{"what":"apply"}', 'bulk apply')).to.throw(/Cannot read the time of bulk apply/);
    expect(() => sampleOf('', 'bulk apply')).to.throw(/Cannot read the time of bulk apply/);
  });
});
