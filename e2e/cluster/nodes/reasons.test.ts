import { expect } from 'chai';
import { innerMap, outerMap } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { condition, type ObjectStatus, useNodes } from './nodesfixture.ts';

const NOWHERE = { nodeSelector: { matchLabels: { zone: 'nowhere' } } };

describeCluster('reasons that only a node can know', fixture => {
  const nodesFixture = useNodes(fixture, 'team-a');

  const ready = async (words: readonly string[], reason: string) => {
    const isSo = (each: ObjectStatus) => condition(each, 'Ready')?.reason === reason;
    return condition(await nodesFixture().statusWhen(words, isSo, reason), 'Ready')!;
  };

  it('reach the status of OuterMap and InnerMap, with the node’s own words', async function () {
    this.timeout(120_000);
    await nodesFixture().controller();
    const [node] = await nodesFixture().agents(1);
    node!.make('taken', '--type', 'hash', '--inner-max', '16', '--inners', '1');
    node!.make('other', '--type', 'hash', '--inner-max', '8', '--inners', '0');
    await fixture.put(outerMap('missing', { provision: 'Adopt', pin: 'programs-pin' }));
    await fixture.put(outerMap('taken'));
    await fixture.put(outerMap('other', { provision: 'Adopt' }));
    await fixture.put(outerMap('nowhere', NOWHERE));
    const names = ['missing', 'taken', 'other', 'nowhere'];
    const items = names.map(name => innerMap(`team-a/${name}`, { outerMap: name, key: 1 }, { 1: 1 }));
    await fixture.put({ apiVersion: 'v1', kind: 'List', items });
    expect((await ready(['om', 'missing'], 'PinNotFound')).message).to.contain('programs-pin');
    expect((await ready(['om', 'taken'], 'PinInUse')).message).to.contain('taken');
    expect(await ready(['om', 'other'], 'LayoutMismatch')).to.include({ status: 'False' });
    expect(await ready(['om', 'nowhere'], 'NoMatchingNodes')).to.include({ status: 'False' });
    const waiting = await ready(['im', 'missing', '-n', 'team-a'], 'Pending');
    expect(waiting.message).to.contain('PinNotFound').and.to.contain('node-0');
    await ready(['im', 'taken', '-n', 'team-a'], 'Pending');
    await ready(['im', 'nowhere', '-n', 'team-a'], 'NoMatchingNodes');
    const table = await fixture.kubectl.must(['get', 'om']);
    expect(table).to.match(/taken .* 0\/1 +False/);
  });
});
