import {
  appendFileSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Belief, type Reading } from './belief.ts';
import { signatureAt } from './scan.ts';

const FAR_MS = 3_600_000;
/** No machine is held up for so long between two lines. */
const SOON_MS = 1_000;

describe('Belief', () => {
  const folder = mkdtempSync(join(tmpdir(), 'innermap-belief-'));
  const path = join(folder, 'a.yaml');

  beforeEach(() => writeFileSync(path, 'x'));
  after(() => rmSync(folder, { recursive: true }));

  function reading(given: Partial<Reading> = {}): Reading {
    const modified = statSync(path).mtimeMs;
    const rest = { steady: true, likelyPart: false, takes: 'nothing' } as const;
    return { path, signature: signatureAt(path), modified, ...rest, ...given };
  }

  it('believes no file that changed while it was read, though it only adds', () => {
    const belief = new Belief(FAR_MS, () => false);
    expect(belief.verdictOn(reading()).waitMs).to.equal(0);
    expect(belief.verdictOn(reading({ steady: false })).waitMs).to.be.greaterThan(0);
  });

  it('believes no file that was written and closed between its reading and the question', () => {
    const writes = new Belief(FAR_MS, () => {
      appendFileSync(path, 'y');
      return false;
    });
    expect(writes.verdictOn(reading()).waitMs).to.be.greaterThan(0);
  });

  it('asks later and later about a file that stays open, but never later than in a second', () => {
    const belief = new Belief(FAR_MS, () => true);
    const old = { modified: 0, signature: 'old' };
    expect(belief.verdictOn(reading({ path: 'new', modified: Date.now() })).waitMs).to.be.within(1, 100);
    expect(belief.verdictOn(reading(old)).waitMs).to.equal(1_000);
  });

  it('counts the time of a state by its own clock once it has seen another: the file’s time may be of any clock', () => {
    const belief = new Belief(FAR_MS, () => false);
    const takes = 'declared';
    utimesSync(path, 0, 0);
    expect(belief.verdictOn(reading({ takes })).waitMs).to.equal(0);
    writeFileSync(path, 'yy');
    utimesSync(path, 0, 0);
    expect(belief.verdictOn(reading({ takes })).waitMs).to.be.greaterThan(FAR_MS / 2);
  });

  it('takes a file of a time ahead of this clock for quiet', () => {
    const belief = new Belief(FAR_MS, () => false);
    const ahead = Date.now() / 1000 + 1000;
    utimesSync(path, ahead, ahead);
    expect(belief.verdictOn(reading({ takes: 'declared' })).waitMs).to.equal(0);
  });

  it('waits a moment where more writes are likely, seconds where something goes', () => {
    const belief = new Belief(FAR_MS, () => undefined);
    const wait = (given: Partial<Reading>) => belief.verdictOn(reading(given)).waitMs;
    expect(wait({})).to.equal(0);
    expect(wait({ likelyPart: true })).to.be.within(1, 150);
    expect(wait({ takes: 'unknown' })).to.be.within(1, 150);
    expect(wait({ takes: 'declared' })).to.be.greaterThan(FAR_MS / 2);
  });

  describe('of a file that takes something away', () => {
    /** Seconds of quiet are half over when the file is first seen. */
    function halfQuiet(isOpen: boolean | undefined): Belief {
      const belief = new Belief(FAR_MS, () => isOpen);
      const modified = Date.now() - FAR_MS / 2;
      expect(belief.verdictOn(reading({ takes: 'declared', modified })).waitMs).to.be.within(1, FAR_MS / 2);
      return belief;
    }

    function replace(): void {
      writeFileSync(`${path}.new`, 'new');
      renameSync(`${path}.new`, path);
    }

    const waitOf = (belief: Belief, takes: Reading['takes'] = 'declared') =>
      belief.verdictOn(reading({ takes })).waitMs;

    it('goes on counting while others replace it that take something away too', () => {
      const belief = halfQuiet(false);
      replace();
      expect(waitOf(belief)).to.be.within(1, FAR_MS / 2);
      replace();
      expect(waitOf(belief)).to.be.within(1, FAR_MS / 2);
    });

    it('counts anew after each write into it, and where nobody knows who writes', () => {
      const belief = halfQuiet(false);
      appendFileSync(path, 'y');
      expect(waitOf(belief)).to.be.greaterThan(FAR_MS * 0.75);
      const blind = halfQuiet(undefined);
      replace();
      expect(waitOf(blind)).to.be.greaterThan(FAR_MS * 0.75);
    });

    it('counts anew after one that takes nothing away', () => {
      const belief = halfQuiet(false);
      replace();
      expect(waitOf(belief, 'nothing')).to.equal(0);
      replace();
      expect(waitOf(belief)).to.be.greaterThan(FAR_MS * 0.75);
    });

    it('counts anew after one that was believed', () => {
      const belief = new Belief(FAR_MS, () => false);
      expect(belief.verdictOn(reading({ takes: 'declared', modified: 0 })).waitMs).to.equal(0);
      replace();
      expect(waitOf(belief)).to.be.greaterThan(FAR_MS * 0.75);
    });

    it('waits a moment for the last of those that replace it: it may be written on', async () => {
      const belief = new Belief(FAR_MS / 2 + SOON_MS, () => false);
      const modified = Date.now() - FAR_MS / 2;
      const { waitMs } = belief.verdictOn(reading({ takes: 'declared', modified }));
      expect(waitMs).to.be.within(1, SOON_MS);
      await sleep(waitMs + 2);
      replace();
      expect(waitOf(belief)).to.be.within(1, 150);
    });
  });

  it('tells of no file that is held back for a short time, and of none that is settled or gone', () => {
    const far = new Belief(FAR_MS, () => false);
    expect(far.verdictOn(reading({ takes: 'declared' })).waitMs).to.be.greaterThan(0);
    expect(far.held).to.deep.equal([]);
    const soon = new Belief(0, () => true);
    for (const end of ['settle', 'forget'] as const) {
      expect(soon.verdictOn(reading()).waitMs).to.be.greaterThan(0);
      expect(soon.held.map(({ origin }) => origin)).to.deep.equal([path]);
      soon[end](path);
      expect(soon.held).to.deep.equal([]);
    }
  });
});
