import { expect } from 'chai';
import { buildContract } from './contract/build.ts';
import { contentContract } from './contract/content.ts';
import { countsContract } from './contract/counts.ts';
import type { OpenKernel } from './contract/fixture.ts';
import { KernelFixture } from './contract/fixture.ts';
import { outerContract } from './contract/outer.ts';
import { pinsContract } from './contract/pins.ts';

/**
 * What every Kernel must do, told by its two interfaces alone: the fake and the real one pass the same suite.
 * Each test has a machine of its own (the real kernel: a bpffs of its own), which `open` makes and `close` takes down.
 */
export function kernelContract(name: string, open: OpenKernel): void {
  describe(`${name} keeps the kernel's contract`, () => {
    let current: KernelFixture | undefined;
    const stand = (): KernelFixture => {
      if (current === undefined) throw new Error('No kernel is open outside a test');
      return current;
    };
    beforeEach(async () => {
      current = await KernelFixture.open(open);
    });
    afterEach(async () => {
      const closing = current;
      current = undefined;
      await closing?.close();
    });
    describe('probe', () => probeContract(stand));
    describe('counts', () => countsContract(stand));
    outerContract(stand);
    buildContract(stand);
    contentContract(stand);
    pinsContract(stand);
  });
}

function probeContract(stand: () => KernelFixture): void {
  it('tells the release, the way of outer batches and what a grace period costs', async () => {
    const state = await stand().kernel.probe();
    expect(state.release).to.match(/^\d+\.\d+/);
    expect(state.outerBatch).to.be.oneOf(['once', 'perEntry', 'none']);
    expect(state.gracePeriodMs).to.be.a('number').within(0, 10_000);
    expect(Object.values(state.features).every(value => typeof value === 'boolean')).to.equal(true);
    expect(state.features).to.include.keys('openById', 'readTemplate', 'freeze', 'innerMapFlag');
  });

  it('is done once, then remembered', async () => {
    const first = await stand().kernel.probe();
    expect(await stand().kernel.probe()).to.equal(first);
  });

  it('leaves neither pin nor map', async () => {
    const before = await stand().inner('before');
    await stand().kernel.probe();
    expect(stand().names()).to.deep.equal(['before']);
    expect(before.fd).to.be.at.least(0);
  });

  it('possibleCpus and openMapsLimit are numbers to reckon with', () => {
    expect(stand().kernel.possibleCpus).to.be.at.least(1);
    expect(stand().kernel.openMapsLimit).to.be.at.least(1);
  });
}
