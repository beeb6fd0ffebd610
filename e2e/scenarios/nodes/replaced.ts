import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-replaced.web';
const PIN = 'replaced';

describeScenario(import.meta.filename, 'nodes come and go', fixture => {
  const node = () => fixture.provider.workers[1]!;
  const count = () => fixture.provider.nodes.length;
  /** In a minute: the controller that led may have been on that node, and the other one waits for its Lease to end. */
  const ready = (desired: number) =>
    fixture.mustFind<DesiredStatus>(
      WEB,
      ({ status }) => status?.nodes.summary === `${desired}/${desired}`,
      60,
    );

  it('one that is removed is not waited for, and its state goes with it', async () => {
    await fixture.apply();
    await fixture.mustBeReady(WEB);
    await ready(count());
    await fixture.provider.stopNode(node());
    await fixture.kubectl.must(['delete', 'node', node()]);
    await ready(count() - 1);
    await fixture.mustBeReady(WEB);
    const states = await fixture.kubectl.must(['get', 'nms', '-o', 'name']);
    expect(states).not.to.contain(`/${node()}\n`);
  });

  it('one that comes is Ready only when it holds everything', async () => {
    await fixture.provider.startNode(node());
    await fixture.mustNodeBeReady(node());
    await ready(count());
    await fixture.holds(fixture.provider.nodes, PIN, { [u32(7)]: u32Pairs({ 1: 1 }) });
    await fixture.mustBeReady(WEB);
  });
});

interface DesiredStatus {
  readonly status?: { readonly nodes: { readonly summary: string } };
}
