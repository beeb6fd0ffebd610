import { expect } from 'chai';
import { build } from '../../native/stage.ts';
import { runOurs } from '../child.ts';

const SMALL = ['--maps', '40', '--entries', '30'];
const WORKS = [
  ['apply', ...SMALL],
  ['equal', ...SMALL],
  ['change', '--of', '40', '--change', '10', '--entries', '30'],
  ['drift', ...SMALL],
  ['delete', ...SMALL],
  ['delete-array', ...SMALL],
  ['fill', '--entries', '3000'],
  ['json', ...SMALL],
  ['yaml', ...SMALL],
  ['edit', '--edits', '3'],
];

/** What a run of minutes would find out at its end. */
describe('bench: works of ours', function () {
  this.timeout(60_000);
  before(function () {
    build(this);
  });

  for (const words of WORKS)
    it(`${words.join(' ')} does its work`, async () => {
      expect((await runOurs(words)).seconds).to.be.above(0);
    });

  it('lost counts what a busy program counted and the map has not', async () => {
    const { seconds, ...losses } = await runOurs(['lost', '--edits', '1000']);
    expect(seconds).to.be.above(0);
    expect(Object.keys(losses)).to.deep.equal([
      'lostHashHash',
      'lostHashArray',
      'lostArrayHash',
      'lostArrayArray',
    ]);
    for (const [name, lost] of Object.entries(losses)) expect(lost, name).to.be.at.least(0);
  });
});
