import { expect } from 'chai';
import { condition, isReady } from '../nodes/nodesfixture.ts';
import { describeFaults } from './support/faults.ts';
import { holdsWithin } from './support/patience.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

describeFaults('garbage that the schema lets pass', (nodesFixture, fixture) => {
  it('an entry with a null key is InvalidEntries, and costs nobody else anything', async function () {
    this.timeout(600_000);
    await nodesFixture().contender('one');
    const [node] = await nodesFixture().faultyAgents(['garbage-0'], 'direct');
    await putAll(fixture, [TENANTS, ...tenants(3, 1)]);
    const [bad] = tenants(1, 1, 9);
    const spec = { ...(bad!['spec'] as object), entries: [{ key: null, value: 1 }] };
    await fixture.put({ ...bad, spec });
    const status = await nodesFixture().statusWhen(
      ['im', 'm9', '-n', 'team-a'],
      each => condition(each, 'Accepted')?.status === 'False',
    );
    expect(condition(status, 'Accepted')?.reason).to.equal('InvalidEntries');
    await putAll(fixture, tenants(3, 2));
    await holdsWithin(20, node!, tenantsIn(3, 2));
    await nodesFixture().statusWhen(
      ['im', 'm1', '-n', 'team-a'],
      each => each.observedGeneration === 2 && isReady(each),
    );
  });
});
