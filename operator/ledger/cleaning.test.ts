import { expect } from 'chai';
import { startedAgent } from '../agent/testing/fixture.ts';
import { twoTenants } from '../agent/testing/tenants.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { refusalOf } from '../testing/refusal.ts';
import { askToClean, cleanAsked, dropRequests, requestsIn, type WaitingClock } from './cleaning.ts';
import { ledgerNames } from './ledger.ts';

/** Time goes on by what is slept; `meanwhile` is called at each sleep. */
function simulated(meanwhile: () => Promise<unknown> = async () => {}): WaitingClock & { at: number } {
  const clock = {
    at: 1_000,
    uptime: () => clock.at,
    sleep: async (milliseconds: number) => {
      clock.at += milliseconds;
      await meanwhile();
    },
  };
  return clock;
}

describe('cleanAsked', () => {
  let machine: FakeMachine;
  let kernel: Kernel;
  const path = () => `${requestsIn(kernel.pins.root)}/tenants`;

  beforeEach(async () => {
    machine = new FakeMachine();
    kernel = machine.openKernel();
    await (await startedAgent(kernel, twoTenants())).turn();
  });

  it('does nothing where nobody asks', async () => {
    expect(await cleanAsked(kernel, 0)).to.deep.equal([]);
    expect(ledgerNames(kernel.pins)).to.deep.equal(['tenants']);
  });

  it('removes what somebody asks for, who learns of it; nothing of the request stays', async () => {
    const clock = simulated(() => cleanAsked(kernel, clock.at));
    await askToClean(kernel.pins, 'tenants', clock);
    expect(kernel.pins.list(`${kernel.pins.root}/innermap`)).to.deep.equal([]);
  });

  it('a place of requests is no ledger', async () => {
    const asking = askToClean(
      kernel.pins,
      'tenants',
      simulated(async () => {
        expect(ledgerNames(kernel.pins)).to.deep.equal(['tenants']);
        await cleanAsked(kernel, 1_000);
      }),
    );
    await asking;
  });

  it('answers with what failed, once', async () => {
    const { pins } = kernel;
    machine.failNext('unlink', 'EIO', 1, '/outer');
    const clock = simulated(async () => {
      expect(await cleanAsked(kernel, clock.at)).to.deep.equal([]);
      expect(await cleanAsked(kernel, clock.at)).to.deep.equal([]);
    });
    expect(await refusalOf(askToClean(pins, 'tenants', clock))).to.match(/unlink .*tenants\/outer.*EIO/);
    expect(pins.isDirectory(requestsIn(pins.root))).to.equal(false);
  });

  it('without an answer the request ends, and one that is old counts for nothing', async () => {
    const clock = simulated();
    expect(await refusalOf(askToClean(kernel.pins, 'tenants', clock))).to.match(/^no answer within 120 s/);
    expect(clock.at).to.be.within(121_000, 121_100);
    expect(kernel.pins.isDirectory(requestsIn(kernel.pins.root))).to.equal(false);
    // Its asker was killed
    kernel.pins.makeDirectory(requestsIn(kernel.pins.root));
    kernel.pins.writeRecord(path(), 'asked 1000');
    expect(await cleanAsked(kernel, 121_000)).to.deep.equal([]);
    expect(await cleanAsked(kernel, 120_999)).to.deep.equal(['tenants']);
  });

  it('what else lies there is no request', async () => {
    const { pins } = kernel;
    pins.makeDirectory(`${requestsIn(pins.root)}/tenants`);
    expect(await cleanAsked(kernel, 0)).to.deep.equal([]);
    pins.removeDirectory(path());
    for (const text of ['asked', 'asked 5 6', 'please']) {
      pins.writeRecord(path(), text);
      expect(await cleanAsked(kernel, 10), text).to.deep.equal([]);
    }
    dropRequests(pins);
    expect(pins.list(`${pins.root}/innermap`)).to.deep.equal(['tenants']);
  });
});
