import { expect } from 'chai';
import { idAt } from '../../../native/stage.ts';
import { innerMap, type Manifest, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { Running } from '../../agent/support/process.ts';
import { describeCluster } from '../controlplanefixture.ts';
import type { SimulatedNode } from './node.ts';
import { condition, type ObjectStatus, useNodes } from './nodesfixture.ts';

const web = innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, { 1: 1 });

function tenants(inner: object = {}): Manifest {
  return outerMap('tenants', { inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32', ...inner } });
}

/** Looks the key up through the pin, again and again, until it is ended. */
function readerOf(node: SimulatedNode): Running {
  const look = `bpftool map lookup pinned ${node.pin('tenants')} key hex 07 00 00 00 >/dev/null 2>&1`;
  return new Running(['bash', '-c', `while :; do if ${look}; then echo there; else echo missing; fi; done`]);
}

/** Whether the key was there all along while `work` went on. */
async function seenThroughout(node: SimulatedNode, work: () => Promise<void>): Promise<void> {
  const reader = readerOf(node);
  try {
    await reader.printed(/there/);
    await work();
  } finally {
    const { out } = await reader.end('SIGKILL');
    expect(out).to.not.include('missing');
  }
}

describeCluster('layouts and names that change', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a', 'team-b');

  const because = async (what: string, reason: string): Promise<string> => {
    const [kind, name = ''] = what.split('/');
    const [namespace, own] = name.includes('.') ? name.split('.') : [undefined, name];
    const words = [kind!, own!, ...(namespace === undefined ? [] : ['-n', namespace])];
    const isSo = (each: ObjectStatus) => condition(each, 'Ready')?.reason === reason;
    return condition(await nodesFixture().statusWhen(words, isSo, reason), 'Ready')!.message;
  };
  const ready = async (what: string) =>
    expect(await nodesFixture().waits(what, 'Ready', 30), what).to.equal(true);

  /** Two nodes that hold one InnerMap. */
  async function filled(): Promise<readonly SimulatedNode[]> {
    await nodesFixture().controller();
    const nodes = await nodesFixture().agents(2);
    await fixture.put(tenants());
    await fixture.put(web);
    await ready('im/team-a.web');
    return nodes;
  }

  it('what the kernel does not see changes in place, on every node', async function () {
    this.timeout(120_000);
    const nodes = await filled();
    const ids = nodes.map(node => idAt(node.pin('tenants')));
    for (const inner of [{ value: '__u32' }, { maxEntries: 32 }, { maxEntries: 32, key: 'uint32_t' }]) {
      await fixture.put(tenants(inner));
      await ready('om/tenants');
      await ready('im/team-a.web');
    }
    expect(nodes.map(node => idAt(node.pin('tenants')))).to.deep.equal(ids);
    for (const node of nodes) await node.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });

  it('another layout, as docs/layout.md has it: the maps stay until the token, then InnerMaps move with it', async function () {
    this.timeout(120_000);
    const [first, second] = await filled();
    const before = idAt(first!.pin('tenants'));
    await seenThroughout(first!, async () => {
      const wider = JSON.stringify(tenants({ value: 'u64' }));
      await fixture.kubectl.must(['replace', '--force', '-f', '-'], wider);
      const message = await because('om/tenants', 'LayoutMismatch');
      expect(message).to.contain('inner.value is u32, declared is u64');
      await because('im/team-a.web', 'Pending');
      for (const node of [first!, second!])
        expect(node.contents('tenants')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
      expect(idAt(first!.pin('tenants'))).to.equal(before);
      const [, token] = /innermap\.io\/recreate: ([0-9a-f]{12})/.exec(message)!;
      await fixture.kubectl.must(['annotate', 'om/tenants', `innermap.io/recreate=${token}`]);
      await ready('om/tenants');
      await ready('im/team-a.web');
    });
    for (const node of [first!, second!]) await node.holds('tenants', { [u32(7)]: { [u32(1)]: u32(1, 0) } });
    expect(idAt(first!.pin('tenants'))).to.not.equal(before);
  });

  it('an InnerMap renamed: the new one waits with KeyConflict, and has the key once the old one is deleted', async function () {
    this.timeout(120_000);
    const [first] = await filled();
    await seenThroughout(first!, async () => {
      await fixture.put(innerMap('team-b/site', { outerMap: 'tenants', key: 7 }, { 1: 2 }));
      await because('im/team-b.site', 'KeyConflict');
      await fixture.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
      await ready('im/team-b.site');
      await first!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
    });
  });

  it('an OuterMap renamed: both are filled, and the old one goes with what it made', async function () {
    this.timeout(120_000);
    const [first] = await filled();
    await fixture.put(outerMap('customers'));
    await fixture.put(innerMap('team-a/web-customers', { outerMap: 'customers', key: 7 }, { 1: 1 }));
    await ready('im/team-a.web-customers');
    await ready('im/team-a.web');
    await fixture.put(outerMap('tenants', { deletionPolicy: 'Delete', maxRemoval: '100%' }));
    await ready('om/tenants');
    await fixture.kubectl.must(['delete', 'im', 'web', '-n', 'team-a']);
    await ready('om/tenants');
    await fixture.kubectl.must(['delete', 'om', 'tenants']);
    await first!.stateWhen(({ outerMaps = [] }) => outerMaps.length === 1);
    expect(first!.contents('customers')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
  });
});
