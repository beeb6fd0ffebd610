import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { objectAt } from '../../must.ts';
import { innermap } from '../support/commands.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-converge.web';
const EDGE = 'im/e2e-converge.edge';

describeScenario(import.meta.filename, 'what is declared is in every kernel', scene => {
  const web = (value: number) => scene.object('InnerMap/web', { entries: [{ key: 1, value }] });
  const nodes = () => scene.provider.nodes;

  it('created: held by every node when kubectl wait returns', async () => {
    await scene.apply('Namespace/e2e-converge', 'OuterMap/converge', 'InnerMap/web');
    await scene.mustBeReady(WEB);
    await scene.holds(nodes(), 'converge', { [u32(7)]: u32Pairs({ 1: 1 }) });
    await scene.mustBeReady('om/converge');
  });

  it('changed, five times', async () => {
    for (const value of [2, 3, 4, 5, 6]) {
      await scene.apply(web(value));
      await scene.mustBeReady(WEB);
      await scene.holds(nodes(), 'converge', { [u32(7)]: u32Pairs({ 1: value }) });
    }
  });

  it('told: on how many nodes, and which generation', async () => {
    const object = await objectAt<{ readonly status: Status }>(scene.kubectl, WEB);
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
      await scene.mustFind<State>(`nms/${node}`, ({ status }) =>
        status.outerMaps.some(({ pin }) => pin === '/sys/fs/bpf/converge'),
      );
  });

  it('kubectl innermap get --node shows what the kernel of that node holds', async () => {
    const words = ['get', 'converge', '7', '--node', nodes().at(-1)!, '-o', 'json'];
    const { code, out, error } = await innermap(scene.ground, words);
    expect(code, error).to.equal(0);
    expect(out).to.contain('"value": 6');
  });

  it('a node selector: there when the label comes, gone when it goes', async () => {
    const [node] = scene.provider.workers;
    const label = (word: string) => scene.kubectl.must(['label', 'node', node!, '--overwrite', word]);
    await scene.apply('InnerMap/edge');
    await label('e2e-zone=edge');
    await scene.mustHold(node!, 'converge', { [u32(7)]: u32Pairs({ 1: 6 }), [u32(8)]: u32Pairs({ 1: 80 }) });
    await scene.mustBeReady(EDGE);
    await scene.holds(
      nodes().filter(each => each !== node),
      'converge',
      { [u32(7)]: u32Pairs({ 1: 6 }) },
    );
    await label('e2e-zone=core');
    await scene.mustHold(node!, 'converge', { [u32(7)]: u32Pairs({ 1: 6 }) });
    await scene.mustTell(EDGE, 'Ready', { status: 'False', reason: 'NoMatchingNodes' });
    await label('e2e-zone-');
  });

  it('deleted: in no kernel when the OuterMap is Ready again', async () => {
    await scene.delete('InnerMap/web', 'InnerMap/edge');
    await scene.mustBeReady('om/converge');
    await scene.holds(nodes(), 'converge', {});
  });
});

interface Status {
  readonly nodes: Readonly<Record<string, number | string>>;
}

interface State {
  readonly status: { readonly outerMaps: readonly { readonly pin?: string }[] };
}
