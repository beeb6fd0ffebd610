import { expect } from 'chai';
import { proofOf } from '../core/ledger/innerpin.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { loopDuring } from '../testing/loop.ts';
import { dropPin, knownName, noPins, putPin, readInnerPins } from './reading.ts';

const KEY = '07000000';
const [ALICE, BOB] = ['0000000a', '0000000b'];

function pinned(...files: readonly (readonly [string, number])[]) {
  const known = noPins();
  for (const [file, id] of files) putPin(known, file, id);
  return known;
}

describe('putPin', () => {
  it('knows a pin by its key, and whose the key is', () => {
    const known = pinned([`${KEY}-${ALICE}`, 5], [`${KEY}-${BOB}-new`, 6]);
    expect(proofOf(KEY, 5, known)).to.deep.equal({ name: KEY, sharer: ALICE });
    expect(proofOf(KEY, 6, known)).to.deep.equal({ name: `${KEY}-new`, sharer: BOB });
    dropPin(known, KEY);
    expect(proofOf(KEY, 5, known)).to.equal(undefined);
  });

  it('of two pins of one key believes the one without an owner, in any order; the other is of no key', () => {
    const files = [
      [KEY, 5],
      [`${KEY}-${ALICE}`, 6],
    ] as const;
    for (const order of [files, files.toReversed()]) {
      const known = pinned(...order);
      expect(proofOf(KEY, 5, known)).to.deep.equal({ name: KEY });
      expect(proofOf(KEY, 6, known)).to.equal(undefined);
      expect([...known.pins]).to.have.deep.members([
        [KEY, 5],
        [`${KEY}-${ALICE}`, 6],
      ]);
      for (const [file] of files) expect(knownName(file, known), file).to.equal(file);
    }
  });
});

describe('knownName', () => {
  it('is none of a file that tells another owner: its map is another', () => {
    const known = pinned([`${KEY}-${ALICE}`, 5]);
    expect(knownName(`${KEY}-${ALICE}`, known)).to.equal(KEY);
    for (const file of [KEY, `${KEY}-${BOB}`, `${KEY}-${ALICE}-new`])
      expect(knownName(file, known)).to.equal(undefined);
  });
});

describe('readInnerPins', () => {
  it('goes through many pins between turns of the event loop', async () => {
    const files = Array.from({ length: 200_000 }, (_, at) => `${(at + 0x1000_0000).toString(16)}-${ALICE}`);
    const listing = Buffer.from(files.map(file => `p${file}\0`).join(''));
    const identify = async (pins: readonly string[]) => pins.map((_, id) => ({ id, name: 'web' }));
    const kernel = { pins: { listing: async () => listing }, identify } as unknown as Kernel;
    const known = pinned(['07000000', 5]);
    // Counted and not timed: a slice ends by the clock, on any machine; each of the four passes has some
    const { turns } = await loopDuring(() => readInnerPins(kernel, '/ledger/inner', known));
    expect(turns).to.be.at.least(4 * 3);
    expect(known.pins.size).to.equal(files.length);
    expect(known.pins.has('07000000')).to.equal(false);
  });
});
