import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-replaced.web';
const PIN = 'replaced';

describeScenario(import.meta.filename, 'nodes come and go', scene => {
  const node = () => scene.provider.workers[1]!;
  const count = () => scene.provider.nodes.length;
  /** In a minute: the controller that led may have been on that node, and the other one waits for its Lease to end. */
  const told = (desired: number) =>
    scene.mustFind<Told>(WEB, ({ status }) => status?.nodes.summary === `${desired}/${desired}`, 60);

  it('one that is removed is not waited for, and its state goes with it', async () => {
    await scene.apply();
    await scene.mustBeReady(WEB);
    await told(count());
    await scene.provider.stopNode(node());
    await scene.kubectl.must(['delete', 'node', node()]);
    await told(count() - 1);
    await scene.mustBeReady(WEB);
    const states = await scene.kubectl.must(['get', 'nms', '-o', 'name']);
    expect(states).not.to.contain(`/${node()}\n`);
  });

  it('one that comes is Ready only when it holds everything', async () => {
    await scene.provider.startNode(node());
    await scene.mustNodeBeReady(node());
    await told(count());
    await scene.holds(scene.provider.nodes, PIN, { [u32(7)]: u32Pairs({ 1: 1 }) });
    await scene.mustBeReady(WEB);
  });
});

interface Told {
  readonly status?: { readonly nodes: { readonly summary: string } };
}
