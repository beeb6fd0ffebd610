import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { onEachOwn, Stage } from '../../native/stage.ts';
import { ROOT } from '../../operator/testing/root.ts';
import { AGES, useAges } from './support/age.ts';
import { said } from './support/calls.ts';

const LIBRARY = pathToFileURL(`${ROOT}/dist/operator/kernel/libbpf/library.js`).href;

/** Long against what a call costs, so that as many as may be wait at once. */
const LONG_GRACE_MS = 50;

/** Calls at once where there are more to make: CREW_MOST of native/bulk/outer/crew.h, where threads come late some fewer. */
const AT_ONCE = { least: 400, most: 512 };

/** The event loop asks whether a call waits once for lookups and once for refused updates, after its threads did. */
const QUESTIONS = 2;

describe('outer maps on a kernel of another age', function () {
  this.timeout(60_000);
  const aged = useAges();
  const stage = onEachOwn(() => new Stage());

  for (const age of AGES) {
    it(`${age}: the probe finds that batches wait for each entry or are none, and that lookups wait`, async () => {
      const kernel = aged(age);
      const { answer } = await said<{ outerBatch: string; features: object }>(
        kernel,
        stage().bpffs,
        'say(await kernel.probe());',
      );
      expect(answer.outerBatch).to.equal(age === '6.1' ? 'perEntry' : 'none');
      const features = { hashOfMapsDeleteBatch: age === '6.1', outerLookupsWait: true };
      expect(answer.features).to.include({ ...features, 'inner.BloomFilter': age === '6.1' });
    });

    for (const type of ['ArrayOfMaps', 'HashOfMaps']) {
      it(`${age}: a ${type} of 6,000 places is read while the event loop goes on`, async () => {
        const read = `
          const map = outer('${type}', 6000);
          await kernel.probe();
          const one = await inner('one');
          const places = upTo(600).map(at => at * 10);
          await kernel.replace(map, u32(...places), places.map(() => one));
          let turns = 0;
          const turn = setInterval(() => { turns += 1; }, 0);
          const { count, keys, ids } = await kernel.readOuter(map);
          clearInterval(turn);
          const sorted = [...new Uint32Array(keys.buffer, keys.byteOffset, count)].sort((a, b) => a - b);
          say({ count, turns, same: String(sorted) === String(places), ids: ids.every(id => id === one.id) });`;
        const { answer, waited } = await said(aged(age, LONG_GRACE_MS), stage().bpffs, read);
        expect(answer).to.include({ count: 600, same: true, ids: true });
        expect(waited.onLoop).to.be.at.most(QUESTIONS);
        expect(waited.atOnce).to.be.within(AT_ONCE.least, AT_ONCE.most);
        // Each place of 6,000, or nothing: a hash's batch does not wait
        if (type === 'ArrayOfMaps') expect(waited.offLoop).to.be.greaterThan(6600).and.below(6800);
        expect((answer as { turns: number }).turns).to.be.greaterThan(
          type === 'HashOfMaps' && age === '6.1' ? -1 : 4,
        );
      });
    }

    it(`${age}: without a probe too, as plan and get read`, async () => {
      const read = `
        const map = outer('ArrayOfMaps', 2048);
        say((await kernel.readOuter(map)).count);`;
      const { answer, waited } = await said(aged(age, LONG_GRACE_MS), stage().bpffs, read);
      expect(answer).to.equal(0);
      expect(waited.onLoop).to.equal(1);
      expect(waited.atOnce).to.be.at.least(AT_ONCE.least);
    });

    it(`${age}: accepts waits off the event loop`, async () => {
      const accept = `
        const map = outer('HashOfMaps', 8);
        say([await kernel.accepts(map, HASH), await kernel.accepts(map, { ...HASH, valueSize: 4 })]);`;
      const { answer, waited } = await said(aged(age), stage().bpffs, accept);
      expect(answer).to.deep.equal([true, false]);
      expect(waited).to.deep.equal({ onLoop: 0, offLoop: 4, waiting: 0, atOnce: 1 });
    });

    it(`${age}: 1,000 entries go out in a few grace periods`, async () => {
      const remove = `
        const map = outer('HashOfMaps', 1000);
        await kernel.probe();
        const one = await inner('one');
        await kernel.replace(map, u32(...upTo(1000)), upTo(1000).map(() => one));
        const before = kernel.counts();
        const failed = await kernel.remove(map, u32(...upTo(1000)));
        const after = kernel.counts();
        say({ failed: failed.size, batches: after.delete_batch - before.delete_batch, singles: after.delete - before.delete });`;
      const { answer, waited } = await said(aged(age), stage().bpffs, remove);
      const byBatch = age === '6.1';
      expect(answer).to.deep.equal({ failed: 0, batches: byBatch ? 1 : 0, singles: byBatch ? 0 : 1000 });
      expect(waited.onLoop).to.be.at.most(QUESTIONS);
    });
  }

  it('6.1: a batch that took a millisecond an entry corrects the verdict, and the node state with it', async () => {
    // Not probed: the first batch goes as on a newer kernel
    const replace = `
      const map = outer('HashOfMaps', 1000);
      const one = await inner('one');
      const replaced = async () => {
        const before = kernel.counts();
        const failed = await kernel.replace(map, u32(...upTo(300)), upTo(300).map(() => one));
        const after = kernel.counts();
        return [failed.size, after.update_batch - before.update_batch, after.update - before.update];
      };
      say([await replaced(), await replaced()]);`;
    const { answer } = await said(aged('6.1'), stage().bpffs, replace);
    expect(answer).to.deep.equal([
      // It is asked by refused updates, three off the event loop and one on it: no load can change them
      [0, 1, 4],
      [0, 0, 300],
    ]);
  });

  for (const age of ['6.1', 'none'] as const) {
    it(`${age === 'none' ? 'this kernel' : age}: a start beside much other work finds what an idle one does`, async () => {
      // More than are in flight at once: each call of the probe waits for the grace periods of others
      const probe = `
        const { openLibrary } = await import('${LIBRARY}');
        const stateOf = async () => {
          const { outerBatch, features } = await openKernel({ bpffs: BPFFS }).probe();
          return { outerBatch, features };
        };
        const idle = await stateOf();
        const map = outer('HashOfMaps', 64);
        const one = await inner('one');
        let goes = true;
        const load = Promise.all(upTo(24).map(async at => {
          while (goes) await openLibrary().mapUpdate.later(map.fd, u32(at % 64), u32(one.fd), 0);
        }));
        const busy = await stateOf();
        goes = false;
        await load;
        say({ idle, busy });`;
      const { answer } = await said<{ idle: object; busy: object }>(aged(age), stage().bpffs, probe);
      expect(answer.busy).to.deep.equal(answer.idle);
    });
  }
});
