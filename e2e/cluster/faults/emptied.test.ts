import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { outerMap } from '../../agent/support/manifests.ts';
import { REPOSITORY } from '../../crdschema.ts';
import { condition, isReady, type ObjectStatus } from '../nodes/nodesfixture.ts';
import { describeFaults } from './support/faults.ts';
import type { FaultyNode } from './support/faultynode.ts';
import { holdsWithin, within } from './support/patience.ts';
import { putAll, TENANTS, tenants, tenantsIn } from './support/tenants.ts';

const MANY = 60;
const OM = ['om', 'tenants'];
const CRD = join(REPOSITORY, 'crds', 'innermap.yaml');

describeFaults('everything gone at once', (nodesFixture, fixture) => {
  it('kubectl delete im --all of 60: nothing is lost, the removal is held and told; put back or released by its token', async function () {
    this.timeout(600_000);
    const [node] = await declared(['emptied-0']);
    await fixture.kubectl.must(['delete', 'im', '--all', '-n', 'team-a']);
    await held(node!);
    await putAll(fixture, tenants(MANY, 1));
    await nodesFixture().statusWhen(OM, isReady);
    expect(node!.contents('tenants'), 'put back').to.deep.equal(tenantsIn(MANY, 1));
    await fixture.kubectl.must(['delete', 'im', '--all', '-n', 'team-a']);
    await held(node!);
    const { message } = condition(await nodesFixture().statusWhen(OM, isHeld), 'Ready')!;
    const token = /with token ([0-9a-f]+)/.exec(message)?.[1];
    expect(token, message).to.be.a('string');
    expect(node!.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
    await fixture.kubectl.must(['annotate', ...OM, `innermap.io/release-removal=${token}`]);
    await holdsWithin(20, node!, {});
    await nodesFixture().statusWhen(OM, isReady);
  });

  it('the OuterMap itself deleted, with deletionPolicy Delete: held, told by the node’s state, and released by it', async function () {
    this.timeout(600_000);
    const [node] = await declared(['farewell-0']);
    await fixture.put(outerMap('tenants', { maxEntries: 4096, deletionPolicy: 'Delete' }));
    await nodesFixture().statusWhen(OM, isReady);
    await fixture.kubectl.must(['delete', ...OM]);
    const state = ['nms', node!.name];
    const isHeldThere = ({ conditions }: ObjectStatus) => conditions?.[0]?.reason === 'RemovalHeld';
    const { message } = condition(await nodesFixture().statusWhen(state, isHeldThere), 'Ready')!;
    const [, token] = /with token ([0-9a-f]+) \(annotation [^ ]+ of the NodeMapState/.exec(message) ?? [];
    expect(token, message).to.be.a('string');
    expect(node!.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
    await fixture.kubectl.must(['annotate', ...state, `innermap.io/release-removal=${token}`]);
    await within(20, 'the outer map is let go', () => !existsSync(node!.pin('tenants')));
    await nodesFixture().statusWhen(state, isReady);
  });

  it('the CustomResourceDefinition deleted and, with its objects, applied again: nothing is lost', async function () {
    this.timeout(600_000);
    const nodes = await declared(['crd-0', 'crd-1']);
    await fixture.kubectl.must(['delete', 'crd', 'innermaps.innermap.io']);
    await Promise.all(nodes.map(held));
    await sleep(3_000);
    for (const node of nodes) expect(node.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
    await fixture.kubectl.must(['apply', '--server-side', '-f', CRD]);
    await fixture.kubectl.must([
      'wait',
      '--for=condition=Established',
      '--timeout=30s',
      'crd/innermaps.innermap.io',
    ]);
    await within(30, 'InnerMaps are known again', async () => {
      const { code } = await fixture.apply({ apiVersion: 'v1', kind: 'List', items: tenants(MANY, 1) });
      return code === 0;
    });
    await nodesFixture().statusWhen(['im', `m${MANY}`, '-n', 'team-a'], isReady);
    await nodesFixture().statusWhen(OM, isReady);
    for (const node of nodes) {
      await node.stateWhen(({ conditions }) => conditions[0]?.status === 'True');
      expect(node.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
    }
  });

  it('etcd restored to a time before the InnerMaps: nothing is lost, the removal is held and told', async function () {
    this.timeout(600_000);
    const node = await nodesFixture().faulty('restored-0', 'direct');
    await fixture.put(TENANTS);
    await fixture.controlPlane.backUp();
    await nodesFixture().contender('one');
    await node.started();
    await putAll(fixture, tenants(MANY, 1));
    await holdsWithin(30, node, tenantsIn(MANY, 1));
    await fixture.controlPlane.restore();
    await held(node);
    // What an agent tells before the controller has noticed counts 75 seconds later at the latest
    await within(90, 'the OuterMap tells it', async () => {
      const { message } = condition(await nodesFixture().statusWhen(OM, isHeld), 'Ready')!;
      expect(message).to.match(/with token [0-9a-f]+/);
      return true;
    });
    expect(node.contents('tenants')).to.deep.equal(tenantsIn(MANY, 1));
  });

  /** Agents and a controller, and everything is programmed. */
  async function declared(names: readonly string[]): Promise<readonly FaultyNode[]> {
    await nodesFixture().contender('one');
    const nodes = await nodesFixture().faultyAgents(names, 'direct');
    await putAll(fixture, [TENANTS, ...tenants(MANY, 1)]);
    await Promise.all(nodes.map(node => holdsWithin(20, node, tenantsIn(MANY, 1))));
    await nodesFixture().statusWhen(OM, isReady);
    return nodes;
  }
});

function isHeld(status: Parameters<typeof condition>[0]): boolean {
  return condition(status, 'Ready')?.reason === 'RemovalHeld';
}

async function held(node: FaultyNode): Promise<void> {
  await within(90, `${node.name} tells a held removal of all keys`, async () => {
    const entry = (await node.state())?.outerMaps.find(({ name }) => name === 'tenants');
    if (entry?.heldRemoval?.keys === MANY) return true;
    throw new Error(`it tells ${JSON.stringify(entry)}`);
  });
}
