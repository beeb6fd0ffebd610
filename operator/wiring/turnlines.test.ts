import { expect } from 'chai';
import { AgentFixture, startedAgent } from '../agent/testing/fixture.ts';
import { turnLog } from '../agent/turnlog.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { SimulatedClock } from '../kube/testing/clock.ts';
import { calmLog } from '../support/calmlog.ts';

describe('turnLog into calmLog', () => {
  it('a tenant who edits in a loop swallows no line of an OuterMap or of another namespace', async () => {
    const clock = new SimulatedClock();
    const lines: string[] = [];
    const quiet = { info: () => {}, error: () => {} };
    const log = turnLog(calmLog({ ...quiet, warn: line => void lines.push(line) }, clock));
    const loop = (fixture: AgentFixture, at: number) => fixture.inner('a/loop', `missing${at}`, 99, {});
    const many = (keys: number) =>
      Array.from({ length: keys }, (_, key) => key).reduce(
        (fixture, key) => fixture.inner(`b/m${key}`, 'tenants', key, {}),
        new AgentFixture().outer('tenants'),
      );
    const acting = await startedAgent(new FakeMachine().openKernel(), loop(many(30), 0));
    log.turned(await acting.turn());
    for (let at = 1; at < 14; at++) log.turned(await acting.turn(loop(many(30), at)));
    const gone = () =>
      new AgentFixture().outer('tenants', { pin: 'tenants' }).inner('z/other', 'missing', 8, {});
    for (let at = 14; at < 17; at++) log.turned(await acting.turn(loop(gone(), at)));
    await clock.run(1_000);
    expect(lines.filter(line => line.startsWith('OuterMap tenants: RemovalHeld'))).to.have.length(1);
    expect(lines.filter(line => line.startsWith('InnerMap z/other: OuterMapNotFound'))).to.have.length(1);
    expect(lines.filter(line => line.startsWith('InnerMap a/loop'))).to.have.length(11);
  });
});
