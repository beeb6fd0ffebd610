import { expect } from 'chai';
import { u32, u32Pairs } from '../../agent/support/manifests.ts';
import { becomes } from '../../must.ts';
import { describeScenario } from '../support/scenario.ts';

const WEB = 'im/e2e-rebooted.web';
const PIN = 'rebooted';

describeScenario(
  import.meta.filename,
  'a node that was rebooted is filled again before a status says so',
  fixture => {
    const node = () => fixture.provider.workers[0]!;
    const web = (value: number) => fixture.object('InnerMap/web', { entries: [{ key: 1, value }] });
    const others = () => fixture.provider.nodes.filter(each => each !== node());

    it('while it is off, a change is on the others, and not Ready', async () => {
      await fixture.apply();
      await fixture.mustBeReady(WEB);
      await fixture.provider.stopNode(node());
      await fixture.apply(web(2));
      for (const other of others()) await fixture.mustHold(other, PIN, { [u32(7)]: u32Pairs({ 1: 2 }) });
      expect(await becomes(fixture.kubectl, WEB, { seconds: 3 })).to.equal(false);
      const { message } = await fixture.mustTell(WEB, 'Ready', { status: 'False' });
      expect(message).to.contain(node());
    });

    it('on again, its bpffs is empty at first, and holds everything when Ready says so', async () => {
      await fixture.provider.startNode(node());
      const { out } = await fixture.provider.run(node(), ['ls', '/sys/fs/bpf']);
      expect(out.split('\n').filter(name => /rebooted|innermap/.test(name))).to.deep.equal([]);
      await fixture.mustBeReady(WEB, 120);
      await fixture.mustNodeBeReady(node());
      await fixture.holds(fixture.provider.nodes, PIN, { [u32(7)]: u32Pairs({ 1: 2 }) });
    });
  },
);
