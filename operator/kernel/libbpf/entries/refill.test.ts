import { expect } from 'chai';
import { ERRNO } from '../errno.ts';
import { Patience, Refill } from './refill.ts';

/** A clock that stands but for sleeps. */
function clock() {
  const sleep = async (milliseconds: number): Promise<void> => {
    time.ms += milliseconds;
  };
  const time = { ms: 0, now: () => time.ms, sleep };
  return time;
}

/** How often a map that gets no memory is tried again. */
async function tries(patience: Patience, written: (tried: number) => number = () => 0): Promise<number> {
  const refill = new Refill(patience);
  let tried = 0;
  while (tried < 10_000 && (await refill.isDue(-ERRNO.ENOMEM, written(tried)))) tried += 1;
  return tried;
}

describe('Refill', () => {
  it('waits in vain for two maps, and for no others at once after them', async () => {
    const time = clock();
    const patience = new Patience(time);
    const all: number[] = [];
    for (let map = 0; map < 1000; map += 1) all.push(await tries(patience));
    expect(all.slice(0, 2)).to.deep.equal([7, 7]);
    expect(Math.max(...all.slice(3))).to.be.at.most(1);
    expect(time.ms).to.be.at.most(256);
    time.ms += 1000;
    expect(await tries(patience), 'at another time').to.equal(7);
  });

  it('goes on for as long as entries are written, and not for one now and then', async () => {
    const time = clock();
    expect(await tries(new Patience(time), tried => (tried % 2 === 0 ? 64 : 0))).to.equal(10_000);
    const slow = clock();
    expect(await tries(new Patience(slow), tried => (tried % 8 === 7 ? 1 : 0))).to.be.below(20);
    expect(slow.ms).to.be.at.most(257);
  });

  it('has nothing to do with other refusals', async () => {
    expect(await new Refill().isDue(-ERRNO.EBUSY, 1)).to.equal(false);
  });
});
