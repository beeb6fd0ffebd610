import { expect } from 'chai';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { walkCrashes } from './testing/crashes.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { twoTenants } from './testing/tenants.ts';

describe('turn, killed at every step', () => {
  it('making everything: converges, nothing left over', async () => {
    const steps = await walkCrashes({
      end: twoTenants(),
      check: machine => {
        expect(machine.dump('/sys/fs/bpf/tenants')).to.deep.equal(twoTenants().contents('tenants'));
        expect(machine.liveMaps()).to.have.length(3);
      },
    });
    expect(steps).to.be.greaterThan(8);
  });

  it('swapping, inserting and removing: a key that stays declared is never absent', async () => {
    const end = twoTenants()
      .inner('a/web', 'tenants', 1, { 10: 9 })
      .inner('c/web', 'tenants', 3, { 1: 1 })
      .without('b/web');
    const steps = await walkCrashes({
      begin: twoTenants(),
      end: end,
      check: machine => {
        expect(machine.dump('/sys/fs/bpf/tenants')).to.deep.equal(end.contents('tenants'));
        expect(machine.liveMaps()).to.have.length(3);
      },
    });
    expect(steps).to.be.greaterThan(6);
  });

  it('letting go of an outer map', async () => {
    const deleting = twoTenants().outer('tenants', { pin: 'tenants', deletionPolicy: 'Delete' });
    await walkCrashes({
      begin: deleting,
      end: new AgentFixture(),
      check: machine => {
        expect(machine.liveMaps()).to.deep.equal([]);
        expect(Object.keys(machine.files()).filter(path => path.includes('tenants'))).to.deep.equal([]);
      },
    });
  });

  it('moving the pin', async () => {
    const moved = twoTenants().outer('tenants', { pin: 'elsewhere/tenants' });
    await walkCrashes({
      begin: twoTenants(),
      end: moved,
      check: machine => {
        expect(machine.files()).to.have.property('/sys/fs/bpf/elsewhere/tenants');
        expect(machine.files()).not.to.have.property('/sys/fs/bpf/tenants');
      },
    });
  });

  it('making or recording what is let go before the next start: nothing left over', async () => {
    const deleting = { deletionPolicy: 'Delete', pin: 'tenants' };
    for (const begin of [undefined, twoTenants().outer('tenants', { ...deleting, maxRemoval: 5 })])
      await walkCrashes({
        ...(begin === undefined ? {} : { begin }),
        attempted: twoTenants().outer('tenants', deleting),
        end: new AgentFixture(),
        check: machine => {
          expect(machine.liveMaps()).to.deep.equal([]);
          expect(Object.keys(machine.files()).filter(path => path.includes('tenants'))).to.deep.equal([]);
        },
      });
  });

  it('releasing more than the brake allows: the token is needed once', async () => {
    let begin = new AgentFixture().outer('tenants', { deletionPolicy: 'Delete' });
    for (let key = 1; key <= 30; key++) begin = begin.inner(`a/m${key}`, 'tenants', key, { 1: key });
    const acting = await startedAgent(new FakeMachine().openKernel(), begin);
    await acting.turn();
    const { token } = (await acting.turn(new AgentFixture())).plan.held[0]!;
    let held = 0;
    const steps = await walkCrashes({
      begin,
      attempted: new AgentFixture().released(token),
      end: new AgentFixture(),
      check: machine => {
        const left = Object.keys(machine.files()).filter(path => path.includes('tenants'));
        if (left.length > 0 && left.length < 30) throw new Error(`Half is left: ${left.join(' ')}`);
        if (left.length > 0) held++;
      },
    });
    expect(steps).to.be.greaterThan(30);
    expect(held, 'killed before the decision was written down').to.be.within(1, 4);
  });
});
