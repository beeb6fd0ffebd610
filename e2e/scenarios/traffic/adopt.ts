import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { podsOf } from '../support/pods.ts';
import { describeScenario, type ScenarioFixture } from '../support/scenario.ts';
import { isOverBy, isWhole, stampNow, Traffic } from '../support/traffic.ts';

const GUARDED = 'im/e2e-adopt.guarded';
const PINS = ['e2e-adopt', 'e2e-adopt-prog'];

describeScenario(
  import.meta.filename,
  'a firewall’s own outer map is filled, and packets follow',
  fixture => {
    const guarded = (action: string) =>
      fixture.object('InnerMap/guarded', {
        entries: [{ key: { port: 4242, proto: 17 }, value: { action } }],
      });
    const traffic = () => onEveryNode(fixture);

    it('before the firewall is there, the OuterMap says what is missing', async () => {
      await fixture.apply('Namespace/e2e-adopt', 'OuterMap/adopt');
      const { message } = await fixture.mustTell('om/adopt', 'Ready', {
        status: 'False',
        reason: 'PinNotFound',
      });
      expect(message).to.contain('e2e-adopt');
    });

    it('it pins its map: all packets pass, and the OuterMap is Ready', async () => {
      await fixture.apply('DaemonSet/firewall');
      const rollout = ['rollout', 'status', 'daemonset/firewall', '-n', 'e2e-adopt', '--timeout=55s'];
      await fixture.kubectl.must(rollout);
      await fixture.mustBeReady('om/adopt');
      for (const each of await traffic()) {
        await each.report(true);
        await sleep(300);
        expect((await each.report()).filter(flow => !isWhole(flow))).to.deep.equal([]);
      }
    });

    it('a rule stops its packets on every node by the time that Ready says so, and no others', async () => {
      const all = await traffic();
      await Promise.all(all.map(each => each.report(true)));
      await fixture.apply('InnerMap/guarded', 'InnerMap/counted');
      await fixture.mustBeReady(GUARDED);
      const readyAt = stampNow();
      await sleep(500);
      for (const each of all) {
        const [first, ...others] = await each.report();
        expect(isOverBy(first!, readyAt), 'packets that were sent after Ready').to.equal(true);
        expect(first!.received).to.be.lessThan(first!.sent);
        expect(others.filter(flow => !isWhole(flow))).to.deep.equal([]);
      }
    });

    it('the program’s counters stay when the rule changes, and are shown', async () => {
      const [node] = fixture.provider.workers;
      const before = await counted(fixture, node!);
      await fixture.apply(guarded('PASS'));
      await fixture.mustBeReady(GUARDED);
      const [first] = await traffic();
      await first!.report(true);
      await sleep(300);
      expect((await first!.report()).filter(flow => !isWhole(flow))).to.deep.equal([]);
      expect(await counted(fixture, node!)).to.be.greaterThan(before);
    });

    it('deleted, nothing is left of ours in the firewall’s map', async () => {
      await fixture.delete('InnerMap/guarded', 'InnerMap/counted');
      await fixture.mustBeReady('om/adopt');
      await fixture.holds(fixture.provider.nodes, 'e2e-adopt', {});
    });

    after(async () => {
      await fixture.delete('DaemonSet/firewall');
      for (const node of fixture.provider.nodes)
        await fixture.witness.run(node, ['busybox', 'rm', '-f', ...PINS.map(pin => `/sys/fs/bpf/${pin}`)]);
    });
  },
);

/** What the program has counted for 10.1.0.1 on a node: the u64 behind the action and its padding. */
async function counted(fixture: ScenarioFixture, node: string): Promise<number> {
  const contents = await fixture.witness.contents(node, 'e2e-adopt');
  const [value] = Object.values(contents?.['0a010001'] ?? {});
  return Number(Buffer.from(value ?? '', 'hex').readBigUInt64LE(8));
}

async function onEveryNode({ kubectl }: ScenarioFixture): Promise<readonly Traffic[]> {
  const pods = await podsOf(kubectl, { namespace: 'e2e-adopt', label: 'app=firewall' });
  return pods.map(({ metadata }) => new Traffic(kubectl, 'e2e-adopt', metadata.name));
}
