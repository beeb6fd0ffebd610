import { expect } from 'chai';
import { innerMap, outerMap } from '../../agent/support/manifests.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { condition, onSite, type Told } from './nodesfixture.ts';

const NOWHERE = { nodeSelector: { matchLabels: { zone: 'nowhere' } } };

describeCluster('reasons that only a node can know', stand => {
  const site = onSite(stand, 'team-a');

  const ready = async (words: readonly string[], reason: string) => {
    const isSo = (each: Told) => condition(each, 'Ready')?.reason === reason;
    return condition(await site().told(words, isSo, reason), 'Ready')!;
  };

  it('reach the status of OuterMap and InnerMap, with the node’s own words', async function () {
    this.timeout(120_000);
    await site().controller();
    const [node] = await site().agents(1);
    node!.make('taken', '--type', 'hash', '--inner-max', '16', '--inners', '1');
    node!.make('other', '--type', 'hash', '--inner-max', '8', '--inners', '0');
    await stand.put(outerMap('missing', { provision: 'Adopt', pin: 'programs-pin' }));
    await stand.put(outerMap('taken'));
    await stand.put(outerMap('other', { provision: 'Adopt' }));
    await stand.put(outerMap('nowhere', NOWHERE));
    const names = ['missing', 'taken', 'other', 'nowhere'];
    const items = names.map(name => innerMap(`team-a/${name}`, { outerMap: name, key: 1 }, { 1: 1 }));
    await stand.put({ apiVersion: 'v1', kind: 'List', items });
    expect((await ready(['om', 'missing'], 'PinNotFound')).message).to.contain('programs-pin');
    expect((await ready(['om', 'taken'], 'PinInUse')).message).to.contain('taken');
    expect(await ready(['om', 'other'], 'LayoutMismatch')).to.include({ status: 'False' });
    expect(await ready(['om', 'nowhere'], 'NoMatchingNodes')).to.include({ status: 'False' });
    const waiting = await ready(['im', 'missing', '-n', 'team-a'], 'Pending');
    expect(waiting.message).to.contain('PinNotFound').and.to.contain('node-0');
    await ready(['im', 'taken', '-n', 'team-a'], 'Pending');
    await ready(['im', 'nowhere', '-n', 'team-a'], 'NoMatchingNodes');
    const table = await stand.kubectl.must(['get', 'om']);
    expect(table).to.match(/taken .* 0\/1 +False/);
  });
});
