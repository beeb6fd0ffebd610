import { appendFileSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Belief, type Reading } from './belief.ts';
import { signatureAt } from './scan.ts';

const FAR_MS = 3_600_000;

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
});
