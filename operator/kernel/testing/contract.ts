import { expect } from 'chai';
import { buildContract } from './contract/build.ts';
import { contentContract } from './contract/content.ts';
import { countsContract } from './contract/counts.ts';
import { expectedContract } from './contract/expected.ts';
import type { OpenKernel } from './contract/fixture.ts';
import { KernelFixture } from './contract/fixture.ts';
import { mapTypesContract } from './contract/inner/maptypes.ts';
import { placeContract } from './contract/inner/place.ts';
import { verifyContract } from './contract/inner/verify.ts';
import { outerContract } from './contract/outer.ts';
import { pinsContract } from './contract/pins.ts';
import { settleContract, unpinningContract } from './contract/settle.ts';
import { templateContract } from './contract/template.ts';
import { typedContract } from './contract/typed.ts';
import { typesContract } from './contract/types.ts';

/**
 * The contract of Kernel and Pins, tested through these interfaces alone: the fake and the real one pass the same suite.
 * Each test has a machine of its own (the real kernel: a bpffs of its own), which `open` makes and `close` removes.
 */
export function kernelContract(name: string, open: OpenKernel): void {
  describe(`${name} keeps the kernel's contract`, () => {
    let current: KernelFixture | undefined;
    const fixture = (): KernelFixture => {
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
    describe('probe', () => probeContract(fixture));
    describe('counts', () => countsContract(fixture));
    outerContract(fixture);
    buildContract(fixture);
    describe('map types', () => mapTypesContract(fixture));
    describe('template', () => templateContract(fixture));
    describe('types', () => typesContract(fixture));
    typedContract(fixture);
    contentContract(fixture);
    describe('asExpected', () => expectedContract(fixture));
    describe('verify', () => verifyContract(fixture));
    describe('editAt', () => placeContract(fixture));
    pinsContract(fixture);
    describe('settle', () => settleContract(fixture));
    for (const kind of ['HashOfMaps', 'ArrayOfMaps'] as const)
      describe(`remove, of a ${kind}, with pins`, () => unpinningContract(fixture, kind));
  });
}

function probeContract(fixture: () => KernelFixture): void {
  it('returns the release, the way of outer batches and what a grace period costs', async () => {
    const state = await fixture().kernel.probe();
    expect(state.release).to.match(/^\d+\.\d+/);
    expect(state.outerBatch).to.be.oneOf(['once', 'perEntry', 'none']);
    expect(state.gracePeriodMs).to.be.a('number').within(0, 10_000);
    expect(Object.values(state.features).every(value => typeof value === 'boolean')).to.equal(true);
    expect(state.features).to.include.keys('openById', 'readTemplate', 'freeze', 'innerMapFlag');
    expect(state.features).to.include.keys('exactEdit.Hash', 'exactEdit.LPMTrie');
    expect(state.features).to.include.keys('innerTypesCompared', 'innerLock');
    expect(state.features).to.include.keys('hashOfMapsDeleteBatch', 'outerLookupsWait', 'replaceVisible');
  });

  it('is done once, then remembered', async () => {
    const first = await fixture().kernel.probe();
    expect(await fixture().kernel.probe()).to.equal(first);
  });

  it('leaves neither pin nor map', async () => {
    const before = await fixture().inner('before');
    await fixture().kernel.probe();
    expect(fixture().names()).to.deep.equal(['before']);
    expect(before.fd).to.be.at.least(0);
  });

  it('possibleCpus and openMapsLimit are numbers to reckon with', () => {
    expect(fixture().kernel.possibleCpus).to.be.at.least(1);
    expect(fixture().kernel.openMapsLimit).to.be.at.least(1);
  });
}
