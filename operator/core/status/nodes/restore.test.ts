import { expect } from 'chai';
import type { NodeMapStateFacts } from '../facts.ts';
import { RestoreGuard } from './restore.ts';

describe('RestoreGuard', () => {
  const state = (version: number): NodeMapStateFacts => ({
    ...{ name: 'a', version, uid: '', bootID: '', labelsHash: '', outers: new Map() },
  });

  it('covers reports of the backup, and those read before, until agents had time to report again', () => {
    const guard = new RestoreGuard();
    const readBefore = state(900);
    guard.detected('500', [readBefore], 0);
    expect([state(500), readBefore, state(501)].map(each => guard.covers(each))).to.deep.equal([
      true,
      true,
      false,
    ]);
    guard.advance(74_999);
    expect(guard.covers(readBefore)).to.equal(true);
    guard.advance(75_000);
    expect([state(500), readBefore].map(each => guard.covers(each))).to.deep.equal([false, false]);
  });

  it('takes findings of other streams for the same restoration', () => {
    const guard = new RestoreGuard();
    guard.detected('500', [], 0);
    const { version } = guard;
    guard.detected('520', [], 5_000);
    guard.detected('500', [], 10_000);
    expect(guard.version).to.equal(version);
    expect(guard.covers(state(510))).to.equal(false);
  });

  it('starts again if the server went back further, or long afterwards', () => {
    const guard = new RestoreGuard();
    guard.detected('500', [], 0);
    guard.detected('400', [state(450)], 20_000);
    expect(guard.covers(state(450))).to.equal(false);
    expect(guard.covers(state(400))).to.equal(true);
    guard.detected('700', [], 210_000);
    expect(guard.covers(state(700))).to.equal(true);
  });
});
