import { expect } from 'chai';
import { alternate, measured, quantile } from './measure.ts';

const sample = (seconds: number, rest = {}) => ({ seconds, ...rest });

describe('bench: measure', () => {
  it('measured answers the spread of each number', () => {
    const answer = measured([
      sample(3, { stallMs: 4 }),
      sample(1, { stallMs: 9 }),
      sample(2, { stallMs: 5 }),
    ]);
    expect(answer).to.deep.equal({
      seconds: { minimum: 1, median: 2, maximum: 3 },
      stallMs: { minimum: 4, median: 5, maximum: 9 },
    });
  });

  it('quantile is a number of the list, the last one for 1', () => {
    expect(quantile([1, 2, 3, 4], 0.5)).to.equal(2);
    expect(quantile([1, 2, 3, 4], 0.99)).to.equal(4);
    expect(quantile([1, 2, 3, 4], 1)).to.equal(4);
    expect(quantile([7], 0)).to.equal(7);
  });

  it('alternate runs the contestants in turns', async () => {
    const order: string[] = [];
    const contestant = (name: string) => async () => {
      order.push(name);
      return sample(order.length);
    };
    const answers = await alternate([contestant('ours'), contestant('c')], 2);
    expect(order).to.deep.equal(['ours', 'c', 'ours', 'c']);
    expect(answers.map(answer => answer['seconds']?.minimum)).to.deep.equal([1, 2]);
  });
});
