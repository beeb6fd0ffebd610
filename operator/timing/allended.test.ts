import { expect } from 'chai';
import { allEnded } from './allended.ts';

describe('allEnded', () => {
  it('throws the first error in their order, when all have ended', async () => {
    let ended = 0;
    const task = async (turns: number, error?: string): Promise<number> => {
      for (let turn = 0; turn < turns; turn += 1) await new Promise(resume => setImmediate(resume));
      ended += 1;
      if (error !== undefined) throw new Error(error);
      return turns;
    };
    const thrown = allEnded([task(3), task(2, 'first'), task(1, 'second')]);
    expect(await thrown.catch((error: Error) => error.message)).to.equal('first');
    expect(ended).to.equal(3);
    expect(await allEnded([task(2), task(1), 'value'])).to.deep.equal([2, 1, 'value']);
  });
});
