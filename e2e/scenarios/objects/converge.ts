import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { objectAt } from '../../must.ts';
import { innermap } from '../support/commands.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-converge.web';
const EDGE = 'im/e2e-converge.edge';

describeScenario(import.meta.filename, 'what is declared is in every kernel', fixture => {
  const web = (value: number) => fixture.object('InnerMap/web', { entries: [{ key: 1, value }] });
  const nodes = () => fixture.provider.nodes;

  it('created: held by every node when kubectl wait returns', async () => {
    await fixture.apply('Namespace/e2e-converge', 'OuterMap/converge', 'InnerMap/web');
    await fixture.mustBeReady(WEB);
    await fixture.holds(nodes(), 'converge', { [u32(7)]: u32Pairs({ 1: 1 }) });
    await fixture.mustBeReady('om/converge');
  });

  it('changed, five times', async () => {
    for (const value of [2, 3, 4, 5, 6]) {
      await fixture.apply(web(value));
      await fixture.mustBeReady(WEB);
      await fixture.holds(nodes(), 'converge', { [u32(7)]: u32Pairs({ 1: value }) });
    }
  });

  it('told: on how many nodes, and which generation', async () => {
    const object = await objectAt<{ readonly status: Status }>(fixture.kubectl, WEB);
    const all = nodes().length;
    expect(object?.status.nodes).to.include({
      desired: all,
      ready: all,
      failed: 0,
      summary: `${all}/${all}`,
    });
  });

  it('each node’s state names the pin by which programs of the node find it', async () => {
    for (const node of nodes())
      await fixture.mustFind<State>(`nms/${node}`, ({ status }) =>
        status.outerMaps.some(({ pin }) => pin === '/sys/fs/bpf/converge'),
      );
  });

  it('kubectl innermap get --node shows what the kernel of that node holds', async () => {
    const words = ['get', 'converge', '7', '--node', nodes().at(-1)!, '-o', 'json'];
    const { code, out, error } = await innermap(fixture.clusterFixture, words);
    expect(code, error).to.equal(0);
    expect(out).to.contain('"value": 6');
  });

  it('a node selector: there when the label comes, gone when it goes', async () => {
    const [node] = fixture.provider.workers;
    const label = (word: string) => fixture.kubectl.must(['label', 'node', node!, '--overwrite', word]);
    await fixture.apply('InnerMap/edge');
    await label('e2e-zone=edge');
    await fixture.mustHold(node!, 'converge', {
      [u32(7)]: u32Pairs({ 1: 6 }),
      [u32(8)]: u32Pairs({ 1: 80 }),
    });
    await fixture.mustBeReady(EDGE);
    await fixture.holds(
      nodes().filter(each => each !== node),
      'converge',
      { [u32(7)]: u32Pairs({ 1: 6 }) },
    );
    await label('e2e-zone=core');
    await fixture.mustHold(node!, 'converge', { [u32(7)]: u32Pairs({ 1: 6 }) });
    await fixture.mustTell(EDGE, 'Ready', { status: 'False', reason: 'NoMatchingNodes' });
    await label('e2e-zone-');
  });

  it('deleted: in no kernel when the OuterMap is Ready again', async () => {
    await fixture.delete('InnerMap/web', 'InnerMap/edge');
    await fixture.mustBeReady('om/converge');
    await fixture.holds(nodes(), 'converge', {});
  });
});

interface Status {
  readonly nodes: Readonly<Record<string, number | string>>;
}

interface State {
  readonly status: { readonly outerMaps: readonly { readonly pin?: string }[] };
}
