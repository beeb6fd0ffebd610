import { expect } from 'chai';
import type { StateFacts } from '../facts.ts';
import { RestoreGuard } from './restore.ts';

describe('RestoreGuard', () => {
  const state = (version: number): StateFacts => ({
    ...{ name: 'a', version, uid: '', bootID: '', labelsHash: '', outers: new Map() },
  });

  it('covers reports of the backup, and those known before, for so long as agents need to report anew', () => {
    const guard = new RestoreGuard();
    const known = state(900);
    guard.noticed('500', [known], 0);
    expect([state(500), known, state(501)].map(each => guard.covers(each))).to.deep.equal([
      true,
      true,
      false,
    ]);
    guard.advance(74_999);
    expect(guard.covers(known)).to.equal(true);
    guard.advance(75_000);
    expect([state(500), known].map(each => guard.covers(each))).to.deep.equal([false, false]);
  });

  it('takes what other streams find for the same restoration', () => {
    const guard = new RestoreGuard();
    guard.noticed('500', [], 0);
    const { version } = guard;
    guard.noticed('520', [], 5_000);
    guard.noticed('500', [], 10_000);
    expect(guard.version).to.equal(version);
    expect(guard.covers(state(510))).to.equal(false);
  });

  it('begins anew where the server went back further, or long afterwards', () => {
    const guard = new RestoreGuard();
    guard.noticed('500', [], 0);
    guard.noticed('400', [state(450)], 20_000);
    expect(guard.covers(state(450))).to.equal(false);
    expect(guard.covers(state(400))).to.equal(true);
    guard.noticed('700', [], 210_000);
    expect(guard.covers(state(700))).to.equal(true);
  });
});
