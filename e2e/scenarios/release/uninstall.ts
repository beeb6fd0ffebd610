import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { endFirewalls, mustHaveFiltered, startFirewalls } from '../support/firewall.ts';
import { describeScenario } from '../support/scenario.ts';
import type { Traffic } from '../support/traffic.ts';

const PIN = 'uninstall';
const OBJECTS = 'outermap.innermap.io/uninstall\ninnermap.innermap.io/passes\ninnermap.innermap.io/stopped\n';

describeScenario(import.meta.filename, 'the operator goes, maps and objects stay', fixture => {
  let firewalls: readonly Traffic[] = [];
  const ids = () => Promise.all(fixture.provider.nodes.map(node => fixture.witness.ids(node, PIN)));
  const rule = (action: string) => [{ key: { port: 4242, proto: 17 }, value: { action } }];

  it('a firewall on every node', async () => {
    await fixture.apply(
      'Namespace/e2e-uninstall',
      'OuterMap/uninstall',
      'InnerMap/passes',
      'InnerMap/stopped',
    );
    await fixture.mustBeReady('om/uninstall');
    firewalls = await startFirewalls(fixture, 'e2e-uninstall');
  });

  it('helm uninstall: every map is there, packets flow as before, users’ objects are untouched', async () => {
    const before = await ids();
    await Promise.all(firewalls.map(each => each.report(true)));
    await fixture.clusterFixture.uninstall();
    await sleep(1_000);
    await mustHaveFiltered(firewalls);
    expect(await ids()).to.deep.equal(before);
    expect(await fixture.kubectl.must(['get', 'om,im', '-n', 'e2e-uninstall', '-o', 'name'])).to.equal(
      OBJECTS,
    );
  });

  it('installed again, it takes its maps over as they are, and does what was declared meanwhile', async () => {
    const before = await ids();
    await fixture.apply(fixture.object('InnerMap/stopped', { entries: rule('PASS') }));
    await Promise.all(firewalls.map(each => each.report(true)));
    await fixture.clusterFixture.install();
    await fixture.mustBeReady('im/e2e-uninstall.stopped');
    expect(await ids(), 'edited in place').to.deep.equal(before);
    for (const each of firewalls) expect((await each.report())[1]!.received).to.be.greaterThan(0);
  });

  after(() => endFirewalls(fixture, ['uninstall-prog']));
});
