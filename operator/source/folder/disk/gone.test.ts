import { expect } from 'chai';
import { GoneFiles } from './gone.ts';

const FAR_MS = 3_600_000;

describe('GoneFiles', () => {
  it('gives a file up after the whole time in which no other disappeared', () => {
    const gone = new GoneFiles(FAR_MS);
    expect(gone.add('a')).to.equal(true);
    expect(gone.waitFor('a')).to.be.within(FAR_MS / 2, FAR_MS);
    expect(gone.add('a')).to.equal(false);
  });

  it('makes all wait for the last that disappeared, and gives them up together', async () => {
    const gone = new GoneFiles(200);
    gone.add('a');
    while (gone.waitFor('a') > 100) await new Promise(setImmediate);
    gone.add('b');
    expect(gone.waitFor('a')).to.be.greaterThan(100);
    expect(gone.paths()).to.deep.equal(['a', 'b']);
  });

  it('waits for others no longer than some times the time for one', async () => {
    const gone = new GoneFiles(20);
    gone.add('a');
    let others = 0;
    while (gone.waitFor('a') > 0) {
      gone.add(`b${others++}`);
      await new Promise(setImmediate);
    }
    expect(gone.waitFor(`b${others - 1}`)).to.be.at.most(20);
  });
});
