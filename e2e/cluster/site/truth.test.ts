import { expect } from 'chai';
import { innerMap, outerMap, u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { condition, isReady, onSite, type Told } from './nodesfixture.ts';

const WEB = ['im', 'web', '-n', 'team-a'];
const ZONE_A = { nodeSelector: { matchLabels: { zone: 'a' } } };
const LONG_AGO = new Date(Date.now() - 120_000);

const web = (pairs: Readonly<Record<number, number>> = { 1: 1 }, spec: object = {}) =>
  innerMap('team-a/web', { outerMap: 'tenants', key: 7 }, pairs, spec);

describeCluster('no false Ready', stand => {
  const site = onSite(stand, 'team-a');

  /** Ready on `node-0` and `node-1`. */
  async function readyOnTwo(spec: object = {}) {
    await site().controller();
    const nodes = await site().agents(2);
    await stand.put(outerMap('tenants', spec));
    await stand.put(web());
    expect(await site().waits('im/team-a.web', 'Ready', 20)).to.equal(true);
    return nodes;
  }

  const told = (what: string, expected: (status: Told) => boolean): Promise<Told> =>
    site().told(WEB, expected, what);

  it('a label that newly selects a node with a high watermark', async function () {
    this.timeout(120_000);
    await site().controller();
    const [first, second] = await site().agents(2);
    await first!.label('zone', 'a');
    await stand.put(outerMap('tenants'));
    await stand.put(innerMap('team-a/other', { outerMap: 'tenants', key: 9 }, { 9: 9 }));
    await stand.put(web({ 1: 1 }, ZONE_A));
    expect(await site().waits('im/team-a.web', 'Ready', 20)).to.equal(true);
    await second!.holds('tenants', { [u32(9)]: u32Pairs({ 9: 9 }) });
    second!.agent!.signal('SIGSTOP');
    await second!.label('zone', 'a');
    const behind = await told('behind', each => each.nodes['desired'] === 2);
    expect(isReady(behind)).to.equal(false);
    second!.agent!.signal('SIGCONT');
    await told('ready', isReady);
    expect(Object.keys(second!.contents('tenants'))).to.have.members([u32(7), u32(9)]);
  });

  it('an OuterMap edited, its access taken away and given back', async function () {
    this.timeout(120_000);
    const [first, second] = await readyOnTwo();
    second!.agent!.signal('SIGSTOP');
    await stand.put(outerMap('tenants', { access: [{ namespaces: ['team-b'] }] }));
    const refused = await told('refused', each => condition(each, 'Accepted')?.status === 'False');
    expect(condition(refused, 'Ready')).to.include({ status: 'False', reason: 'KeyNotAllowed' });
    await first!.holds('tenants', {});
    await stand.put(outerMap('tenants'));
    await first!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
    const behind = await told('behind', each => each.nodes['ready'] === 1);
    expect(condition(behind, 'Ready')).to.include({ status: 'False', reason: 'Progressing' });
    second!.agent!.signal('SIGCONT');
    await told('ready', isReady);
    await second!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
  });

  it('an OuterMap deleted and made again is another', async function () {
    this.timeout(120_000);
    const [, second] = await readyOnTwo();
    second!.agent!.signal('SIGSTOP');
    await stand.kubectl.must(['delete', 'om', 'tenants']);
    const lost = await told('lost', each => condition(each, 'Accepted')?.status === 'False');
    expect(condition(lost, 'Ready')).to.include({ status: 'False', reason: 'OuterMapNotFound' });
    await stand.put(outerMap('tenants'));
    const behind = await told('behind', each => each.nodes['ready'] === 1);
    expect(isReady(behind)).to.equal(false);
    second!.agent!.signal('SIGCONT');
    await told('ready', isReady);
  });

  it('a node that was started anew, with its old state still there', async function () {
    this.timeout(120_000);
    const [, second] = await readyOnTwo();
    await second!.agent!.end('SIGKILL');
    second!.reboot();
    await second!.boot('11111111-2222-3333-4444-555555555555');
    const behind = await told('behind', each => each.nodes['ready'] === 1);
    expect(condition(behind, 'Ready')?.message).to.contain('node-1');
    await second!.boot();
    second!.reboot();
    await second!.start();
    await second!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 1 }) });
    await told('ready', isReady);
  });

  it('an agent that is dead on a Ready node', async function () {
    this.timeout(120_000);
    const [first, second] = await readyOnTwo();
    await second!.agent!.end('SIGKILL');
    await stand.put(web({ 1: 2 }));
    await first!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
    const behind = await told('behind', each => each.observedGeneration === 2);
    expect(isReady(behind)).to.equal(false);
    await second!.podReady(false, LONG_AGO);
    const silent = await told('silent', each => each.nodes['unknown'] === 1);
    expect(condition(silent, 'Ready')).to.include({ status: 'Unknown', reason: 'NodesNotReporting' });
    expect(condition(silent, 'Ready')?.message).to.contain('node-1');
    await second!.podReady(true);
    await second!.start();
    await told('ready', isReady);
    await second!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });

  it('nodes without an agent are counted apart, and alone make nothing ready', async function () {
    this.timeout(120_000);
    await site().controller();
    const lonely = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'lonely' } };
    await stand.put(lonely);
    try {
      await stand.put(outerMap('tenants'));
      await stand.put(web());
      const alone = await told('alone', each => each.nodes['withoutAgent'] === 1);
      expect(condition(alone, 'Ready')).to.include({ status: 'False', reason: 'NoMatchingNodes' });
      await site().agents(1);
      const ready = await told('ready', isReady);
      expect(ready.nodes).to.include({ desired: 1, withoutAgent: 1, summary: '1/1' });
    } finally {
      await stand.kubectl.must(['delete', 'node', 'lonely']);
    }
  });

  it('more failures than a state lists', async function () {
    this.timeout(120_000);
    await site().controller();
    const [node] = await site().agents(1);
    await stand.put(outerMap('tenants', { maxEntries: 4 }));
    const items = Array.from({ length: 110 }, (_, key) =>
      innerMap(`team-a/m${key}`, { outerMap: 'tenants', key }, { 1: key }),
    );
    await stand.put({ apiVersion: 'v1', kind: 'List', items });
    await node!.told(({ outerMaps: [outer] }) => outer?.failuresTotal === 106);
    const state = await node!.told(({ failures }) => failures.length === 100);
    expect(state.failures[0]).to.include({ reason: 'OuterMapFull', outerMap: 'tenants' });
    const programmed = Object.keys(node!.contents('tenants')).length;
    expect(programmed).to.equal(4);
    const statuses = async (): Promise<readonly Told[]> => {
      const out = await stand.kubectl.must(['get', 'im', '-n', 'team-a', '-o', 'json']);
      return (JSON.parse(out) as { items: { status?: Told }[] }).items.flatMap(({ status }) => status ?? []);
    };
    await site().told(
      ['im', state.failures[0]!.name, '-n', 'team-a'],
      each => condition(each, 'Ready')?.reason === 'OuterMapFull',
    );
    expect((await statuses()).filter(isReady)).to.deep.equal([]);
    const names = Array.from({ length: 20 }, (_, at) => `m${at + 80}`);
    await stand.kubectl.must(['delete', 'im', '-n', 'team-a', ...names]);
    await node!.told(({ outerMaps: [outer] }) => outer?.failuresTotal === 86);
    await site().told(['im', 'm0', '-n', 'team-a'], isReady);
    expect((await statuses()).filter(isReady)).to.have.length(4);
  });

  it('a status that a restarted controller must rebuild', async function () {
    this.timeout(120_000);
    const controller = await site().controller();
    const [node] = await site().agents(1);
    await stand.put(outerMap('tenants'));
    await stand.put(web());
    await told('ready', isReady);
    await controller.end();
    node!.agent!.signal('SIGSTOP');
    await stand.put(web({ 1: 2 }));
    const forged = JSON.stringify({ status: null });
    await stand.kubectl.must(['patch', ...WEB, '--subresource=status', '--type=merge', '-p', forged]);
    await site().controller();
    const rebuilt = await told('rebuilt', each => each.observedGeneration === 2);
    expect(isReady(rebuilt)).to.equal(false);
    node!.agent!.signal('SIGCONT');
    await told('ready', isReady);
    await node!.holds('tenants', { [u32(7)]: u32Pairs({ 1: 2 }) });
  });
});
