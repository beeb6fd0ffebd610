import { expect } from 'chai';
import { type Seen, StatusWatch } from '../support/statuswatch.ts';
import { describeFaults } from './support/faults.ts';
import { holdsWithin, within } from './support/patience.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

describeFaults('etcd restored to an older state', (nodesFixture, fixture) => {
  it('kernels come to hold what the restored objects declare; no Ready is written that a kernel does not hold', async function () {
    this.timeout(600_000);
    const nodes = [
      await nodesFixture().faulty('old-0', 'direct'),
      await nodesFixture().faulty('old-1', 'direct'),
    ];
    await putAll(fixture, [TENANTS, ...tenants(6, 1)]);
    await fixture.controlPlane.backUp();
    await nodesFixture().contender('one');
    await Promise.all(nodes.map(node => node.started()));
    await putAll(fixture, [...tenants(3, 2), ...tenants(4, 1, 10)]);
    await fixture.kubectl.must(['delete', 'im', 'm6', '-n', 'team-a']);
    const future = { ...tenantsIn(3, 2), ...tenantsIn(2, 1, 4), ...tenantsIn(4, 1, 10) };
    await Promise.all(nodes.map(node => holdsWithin(30, node, future)));
    await fixture.controlPlane.restore();
    const expected = tenantsIn(6, 1);
    const wrong: Seen[] = [];
    const watch = await StatusWatch.open(fixture.controlPlane, 'innermaps', seen => {
      const key = Buffer.alloc(4);
      key.writeUInt32LE(Number(seen.name.slice(1)));
      const hex = key.toString('hex');
      const holds = nodes.every(
        node => JSON.stringify(node.contents('tenants')[hex]) === JSON.stringify(expected[hex]),
      );
      if (seen.isReady && !holds) wrong.push(seen);
    });
    try {
      await Promise.all(nodes.map(node => holdsWithin(60, node, expected)));
      // What an agent tells before the controller has noticed counts from its next word on, a minute later
      await within(150, 'm1 and m6 are Ready', async () => {
        const waits = [1, 6].map(key => nodesFixture().waits(`im/team-a.m${key}`, 'Ready', 5));
        return (await Promise.all(waits)).every(Boolean);
      });
      expect(wrong, 'Ready of what a kernel does not hold').to.deep.equal([]);
    } finally {
      await watch.close();
    }
  });
});
