import { expect } from 'chai';
import { condition, isReady } from '../nodes/nodesfixture.ts';
import { NAMESPACE } from '../support/accounts.ts';
import { type Seen, StatusWatch } from '../support/statuswatch.ts';
import { describeFaults } from './support/faults.ts';
import { holdsWithin, within } from './support/patience.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

const M1 = ['im', 'm1', '-n', 'team-a'];
const MANY = 10;
/** Progressing with its age, and Ready. */
const MOST_WRITES = 3;

describeFaults('controllers of which one leads', (nodesFixture, fixture) => {
  it('the leader killed: the other one leads once its Lease ran out, tells the truth, and writes nothing that is written', async function () {
    this.timeout(600_000);
    const contenders = [await nodesFixture().contender('one'), await nodesFixture().contender('two')];
    const [node] = await nodesFixture().faultyAgents(['led-0'], 'direct');
    await putAll(fixture, [TENANTS, ...tenants(MANY, 1)]);
    await holdsWithin(20, node!, tenantsIn(MANY, 1));
    for (let number = 1; number <= MANY; number++)
      await nodesFixture().statusWhen(['im', `m${number}`, '-n', 'team-a'], isReady);
    await nodesFixture().statusWhen(['om', 'tenants'], isReady);
    const holder = await leader();
    const wrong: Seen[] = [];
    const watch = await StatusWatch.open(fixture.controlPlane, 'innermaps', seen => {
      const expected = { ...tenantsIn(MANY, 1), ...tenantsIn(1, seen.generation) };
      if (seen.isReady && JSON.stringify(node!.contents('tenants')) !== JSON.stringify(expected))
        wrong.push(seen);
    });
    try {
      await contenders[holder === 'one' ? 0 : 1]!.kill();
      await fixture.put(tenants(1, 2)[0]!);
      const status = await nodesFixture().statusWhen(
        M1,
        each => each.observedGeneration === 2 && isReady(each),
      );
      expect(await leader()).to.equal(holder === 'one' ? 'two' : 'one');
      expect(condition(status, 'Ready')?.status).to.equal('True');
      await within(5, 'the watch has seen it', () => watch.writesOf('m1').at(-1)?.isReady === true);
      expect(wrong, 'Ready of what the kernel does not hold').to.deep.equal([]);
      const writes = watch
        .writesOf('m1')
        .filter((seen, at, all) => at > 0 || seen.generation === all[0]?.generation);
      expect(writes.length, JSON.stringify(writes)).to.be.at.most(1 + MOST_WRITES);
      for (let number = 2; number <= MANY; number++)
        expect(watch.writesOf(`m${number}`), `m${number}`).to.deep.equal([]);
    } finally {
      await watch.close();
    }
  });

  function leader(): Promise<string> {
    const words = [
      'get',
      'lease',
      'innermap-controller',
      '-n',
      NAMESPACE,
      '-o',
      'jsonpath={.spec.holderIdentity}',
    ];
    return fixture.kubectl.must(words);
  }
});
