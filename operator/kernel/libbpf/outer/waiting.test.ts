import { pbkdf2Sync } from 'node:crypto';
import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { isOlder } from '../../../agent/kernelage.ts';
import { ERRNO } from '../errno.ts';
import { EXIST } from '../library/symbols.ts';
import { openLibrary } from '../library.ts';
import { Room } from '../memory/room.ts';
import { ScratchMaps } from '../probe/scratchmaps.ts';
import { HASH, onRealKernel } from '../scratch.test.ts';
import { lookupsWait } from './read.ts';
import { refusedUpdate } from './trial.ts';
import { waits } from './waiting.ts';
import { OuterWays } from './ways.ts';

describe('waits', () => {
  const late = () => sleep(5);
  const nothing = new Int32Array(new SharedArrayBuffer(4));

  it('says false of a call that takes long each time because others work', async () => {
    expect(await waits({ later: late, now: busy })).to.equal(false);
  });

  it('says true of one that sleeps each time, and false once it was quick', async () => {
    const now = () => Atomics.wait(nothing, 0, 0, 5);
    expect(await waits({ later: late, now })).to.equal(true);
    expect(await waits({ later: async () => {}, now })).to.equal(false);
  });
});

/** Milliseconds of work in one call, during which JavaScript is neither compiled nor collected. */
function busy(): void {
  pbkdf2Sync('', '', 50_000, 32, 'sha256');
}

onRealKernel('waits and the kernel', () => {
  const host = { library: openLibrary(), possibleCpus: 1, room: new Room(), ways: new OuterWays() };
  /** Before 6.8 the kernel waits for programs whatever its answer is. */
  const isOld = isOlder(release(), '6.8');
  const scratch = new ScratchMaps(host);

  after(() => scratch.close());

  for (const type of ['HashOfMaps', 'ArrayOfMaps'] as const)
    it(`for a refused update of a ${type}, as this kernel does: ${isOld}`, async () => {
      const outer = scratch.createOuter(type, scratch.create(HASH));
      const trial = refusedUpdate(host, outer);
      expect([await trial.later(), trial.now()]).to.deep.equal([-ERRNO.EBADF, -ERRNO.EBADF]);
      expect(await waits(trial)).to.equal(isOld);
    });

  it(`for a key that is not there to be replaced: ${isOld}`, async () => {
    const inner = scratch.create(HASH);
    const outer = scratch.createOuter('HashOfMaps', inner);
    const update = [outer.fd, Uint32Array.of(1), Uint32Array.of(inner.fd), EXIST] as const;
    expect(host.library.mapUpdate(...update)).to.equal(-ERRNO.ENOENT);
    const now = () => host.library.mapUpdate(...update);
    const later = () => host.library.mapUpdate.later(...update);
    expect(await waits({ later, now })).to.equal(isOld);
  });

  it(`for a lookup: ${isOld}`, async () => {
    const outer = scratch.createOuter('ArrayOfMaps', scratch.create(HASH));
    expect(await lookupsWait(host, outer)).to.equal(isOld);
  });
});
