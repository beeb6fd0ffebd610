import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { condition, isReady, type ObjectStatus, useNodes } from './nodesfixture.ts';

const WEB = ['im', 'web', '-n', 'team-a'];
const ZONE_A = { nodeSelector: { matchLabels: { zone: 'a' } } };
const LONG_AGO = new Date(Date.now() - 120_000);

const web = (pairs: Readonly<Record<number, number>> = { 1: 1 }, spec: object = {}) =>
  innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, pairs, spec);

describeCluster('no false Ready', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a');

  /** Ready on `node-0` and `node-1`. */
  async function readyOnTwo(spec: object = {}) {
    await nodesFixture().controller();
    const nodes = await nodesFixture().agents(2);
    await fixture.put(outerMap('tenants', spec));
    await fixture.put(web());
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 20)).to.equal(true);
    return nodes;
  }

  const statusWhen = (what: string, expected: (status: ObjectStatus) => boolean): Promise<ObjectStatus> =>
    nodesFixture().statusWhen(WEB, expected, what);

  it('a label that newly selects a node with a high watermark', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const [first, second] = await nodesFixture().agents(2);
    await first!.label('zone', 'a');
    await fixture.put(outerMap('tenants'));
    await fixture.put(innerMap('team-a/other', { outerMap: 'tenants', key: 9 }, { 9: 9 }));
    await fixture.put(web({ 1: 1 }, ZONE_A));
    expect(await nodesFixture().waits('im/team-a.web', 'Ready', 20)).to.equal(true);
    await second!.holds('tenants', { [u32(9)]: u32Pairs({ 9: 9 }) });
    second!.agent!.signal('SIGSTOP');
    await second!.label('zone', 'a');
    const behind = await statusWhen('behind', each => each.nodes['desired'] === 2);
    expect(isReady(behind)).to.equal(false);
    second!.agent!.signal('SIGCONT');
    await statusWhen('ready', isReady);
    expect(Object.keys(second!.contents('tenants'))).to.have.members([u32(7), u32(9)]);
  });

  it('an OuterMap edited, its access taken away and given back', async function () {
    this.timeout(120_000);
    const [first, second] = await readyOnTwo();
    second!.agent!.signal('SIGSTOP');
    await fixture.put(outerMap('tenants', { access: [{ namespaces: ['team-b'] }] }));
    const refused = await statusWhen('refused', each => condition(each, 'Accepted')?.status === 'False');
    expect(condition(refused, 'Ready')).to.include({ status: 'False', reason: 'KeyNotAllowed' });
    await first!.holds('tenants', {});
    await fixture.put(outerMap('tenants'));
    await first!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
    const behind = await statusWhen('behind', each => each.nodes['ready'] === 1);
    expect(condition(behind, 'Ready')).to.include({ status: 'False', reason: 'Progressing' });
    second!.agent!.signal('SIGCONT');
    await statusWhen('ready', isReady);
    await second!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });

  it('an OuterMap deleted and made again is another', async function () {
    this.timeout(120_000);
    const [, second] = await readyOnTwo();
    second!.agent!.signal('SIGSTOP');
    await fixture.kubectl.must(['delete', 'om', 'tenants']);
    const lost = await statusWhen('lost', each => condition(each, 'Accepted')?.status === 'False');
    expect(condition(lost, 'Ready')).to.include({ status: 'False', reason: 'OuterMapNotFound' });
    await fixture.put(outerMap('tenants'));
    const behind = await statusWhen('behind', each => each.nodes['ready'] === 1);
    expect(isReady(behind)).to.equal(false);
    second!.agent!.signal('SIGCONT');
    await statusWhen('ready', isReady);
  });

  it('a node that was started anew, with its old state still there', async function () {
    this.timeout(120_000);
    const [, second] = await readyOnTwo();
    await second!.agent!.end('SIGKILL');
    second!.reboot();
    await second!.boot('11111111-2222-3333-4444-555555555555');
    const behind = await statusWhen('behind', each => each.nodes['ready'] === 1);
    expect(condition(behind, 'Ready')?.message).to.contain('node-1');
    await second!.boot();
    second!.reboot();
    await second!.start();
    await second!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
    await statusWhen('ready', isReady);
  });

  it('an agent that is dead on a Ready node', async function () {
    this.timeout(120_000);
    const [first, second] = await readyOnTwo();
    await second!.agent!.end('SIGKILL');
    await fixture.put(web({ 1: 2 }));
    await first!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
    const behind = await statusWhen('behind', each => each.observedGeneration === 2);
    expect(isReady(behind)).to.equal(false);
    await second!.podReady(false, LONG_AGO);
    const silent = await statusWhen('silent', each => each.nodes['unknown'] === 1);
    expect(condition(silent, 'Ready')).to.include({ status: 'Unknown', reason: 'NodesNotReporting' });
    expect(condition(silent, 'Ready')?.message).to.contain('node-1');
    await second!.podReady(true);
    await second!.start();
    await statusWhen('ready', isReady);
    await second!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });

  it('nodes without an agent are counted apart, and alone make nothing ready', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const lonely = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'lonely' } };
    await fixture.put(lonely);
    try {
      await fixture.put(outerMap('tenants'));
      await fixture.put(web());
      const alone = await statusWhen('alone', each => each.nodes['withoutAgent'] === 1);
      expect(condition(alone, 'Ready')).to.include({ status: 'False', reason: 'NoMatchingNodes' });
      await nodesFixture().agents(1);
      const ready = await statusWhen('ready', isReady);
      expect(ready.nodes).to.include({ desired: 1, withoutAgent: 1, summary: '1/1' });
    } finally {
      await fixture.kubectl.must(['delete', 'node', 'lonely']);
    }
  });

  it('a node whose agent has never started is not waited for; one that was there and is silent is', async function () {
    this.timeout(120_000);
    const other = await nodesFixture().node('other');
    await other.podReady(false, LONG_AGO);
    await nodesFixture().controller();
    await nodesFixture().agents(1);
    await fixture.put(outerMap('tenants'));
    await fixture.put(web());
    const without = await statusWhen('without', isReady);
    expect(without.nodes).to.include({ desired: 1, unknown: 0, withoutAgent: 1, summary: '1/1' });
    expect(condition(without, 'Ready')?.message).to.contain('no agent has reported from 1 node: other');
    await other.started();
    await statusWhen('taken up', ({ nodes }) => nodes['desired'] === 2);
    await other.podReady(true);
    await statusWhen('both', status => isReady(status) && status.nodes['ready'] === 2);
    await other.agent!.end('SIGKILL');
    await other.podReady(false, LONG_AGO);
    const silent = await statusWhen('silent', each => each.nodes['unknown'] === 1);
    expect(condition(silent, 'Ready')).to.include({ status: 'Unknown', reason: 'NodesNotReporting' });
  });

  it('more failures than a state lists', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const [node] = await nodesFixture().agents(1);
    await fixture.put(outerMap('tenants', { maxEntries: 4 }));
    const items = Array.from({ length: 110 }, (_, key) =>
      innerMap(`team-a/m${key}`, { outerMap: 'tenants', key }, { 1: key }),
    );
    await fixture.put({ apiVersion: 'v1', kind: 'List', items });
    await node!.stateWhen(({ outerMaps: [outer] }) => outer?.failuresTotal === 106);
    const state = await node!.stateWhen(({ failures }) => failures.length === 100);
    expect(state.failures[0]).to.include({ reason: 'OuterMapFull', outerMap: 'tenants' });
    const programmed = Object.keys(node!.contents('tenants')).length;
    expect(programmed).to.equal(4);
    const statuses = async (): Promise<readonly ObjectStatus[]> => {
      const out = await fixture.kubectl.must(['get', 'im', '-n', 'team-a', '-o', 'json']);
      return (JSON.parse(out) as { items: { status?: ObjectStatus }[] }).items.flatMap(
        ({ status }) => status ?? [],
      );
    };
    await nodesFixture().statusWhen(
      ['im', state.failures[0]!.name, '-n', 'team-a'],
      each => condition(each, 'Ready')?.reason === 'OuterMapFull',
    );
    expect((await statuses()).filter(isReady)).to.deep.equal([]);
    const names = Array.from({ length: 20 }, (_, at) => `m${at + 80}`);
    await fixture.kubectl.must(['delete', 'im', '-n', 'team-a', ...names]);
    await node!.stateWhen(({ outerMaps: [outer] }) => outer?.failuresTotal === 86);
    await nodesFixture().statusWhen(['im', 'm0', '-n', 'team-a'], isReady);
    expect((await statuses()).filter(isReady)).to.have.length(4);
  });

  it('a status that a restarted controller must rebuild', async function () {
    this.timeout(120_000);
    const controller = await nodesFixture().controller();
    const [node] = await nodesFixture().agents(1);
    await fixture.put(outerMap('tenants'));
    await fixture.put(web());
    await statusWhen('ready', isReady);
    await controller.end();
    node!.agent!.signal('SIGSTOP');
    await fixture.put(web({ 1: 2 }));
    const forged = JSON.stringify({ status: null });
    await fixture.kubectl.must(['patch', ...WEB, '--subresource=status', '--type=merge', '-p', forged]);
    await nodesFixture().controller();
    const rebuilt = await statusWhen('rebuilt', each => each.observedGeneration === 2);
    expect(isReady(rebuilt)).to.equal(false);
    node!.agent!.signal('SIGCONT');
    await statusWhen('ready', isReady);
    await node!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });
});
