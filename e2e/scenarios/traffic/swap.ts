import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { declareCrowd } from '../../cluster/support/crowd.ts';
import { mustAnswer } from '../../must.ts';
import { metricOf } from '../support/metrics.ts';
import { type Declared, describeScenario } from '../support/scenario.ts';
import { isOverBy, isWhole, stampNow, Traffic } from '../support/traffic.ts';

const TENANTS = 20;
/** The first half is swapped, the other half is not touched. */
const SWAPPED = 10;
const SWAPS = 1_000;
const REPLACED = {
  name: 'innermap_inner_map_changes_total',
  labels: { change: 'replaced' },
};

describeScenario(import.meta.filename, 'a thousand swaps under traffic lose no packet', fixture => {
  const node = () => fixture.provider.workers[0]!;
  const traffic = () => new Traffic(fixture.kubectl, 'e2e-swap', 'firewall');
  const swapped = () => metricOf(fixture.kubectl, node(), REPLACED);

  const tenant = (number: number, other: number, action = 'PASS'): Declared => {
    const rule = (port: number, verdict: string) => ({
      key: { port, proto: 17 },
      value: { action: verdict },
    });
    const spec = { key: `10.1.0.${number}`, entries: [rule(4242, action), rule(other, 'DROP')] };
    const object = fixture.object('InnerMap/tenant', spec);
    return { ...object, metadata: { ...object.metadata, name: `tenant-${number}` } };
  };
  const tenants = (count: number, other: number) =>
    Array.from({ length: count }, (_, number) => tenant(number, other));

  it('the program finds the operator’s map, and everything passes', async () => {
    await fixture.apply('Namespace/e2e-swap', 'OuterMap/swap', ...tenants(TENANTS, 1));
    await fixture.mustBeReady('om/swap');
    await fixture.mustBeReady('im/e2e-swap.tenant-19');
    await fixture.apply(fixture.object('Pod/firewall', { nodeName: node() }));
    await fixture.mustBeReady('pod/e2e-swap.firewall');
    const log = () => fixture.kubectl.must(['logs', '-n', 'e2e-swap', 'firewall', '-c', 'loader']);
    await mustAnswer('the program is attached', log, { expected: text => text.includes('"ready":true') });
    await traffic().report(true);
    await sleep(300);
    expect((await traffic().report()).filter(flow => !isWhole(flow))).to.deep.equal([]);
  });

  it(`no packet is lost, of those whose maps are swapped as little as of the others, in ${SWAPS} swaps`, async () => {
    const before = await swapped();
    await traffic().report(true);
    for (let round = 2; (await swapped()) - before < SWAPS; round++)
      for (let turn = 0; turn < 10; turn++)
        await declareCrowd(fixture.provider, tenants(SWAPPED, round * 10 + turn));
    await fixture.mustBeReady('im/e2e-swap.tenant-0');
    const flows = await traffic().report();
    expect(flows).to.have.length(TENANTS);
    expect(flows.filter(flow => !isWhole(flow))).to.deep.equal([]);
    const packets = flows.reduce((sum, { sent }) => sum + sent, 0);
    console.log(`      ${(await swapped()) - before} swaps, ${packets} packets sent and received`);
  });

  it('a swap to DROP stops its tenant by the time that Ready says so, and nobody else', async () => {
    await traffic().report(true);
    await fixture.apply(tenant(0, 1, 'DROP'));
    await fixture.mustBeReady('im/e2e-swap.tenant-0');
    const readyAt = stampNow();
    await sleep(500);
    const [first, ...others] = await traffic().report();
    expect(isOverBy(first!, readyAt), 'packets that were sent after Ready').to.equal(true);
    expect(first!.received).to.be.lessThan(first!.sent);
    expect(others.filter(flow => !isWhole(flow))).to.deep.equal([]);
  });

  it('a swap to PASS lets it through again', async () => {
    await fixture.apply(tenant(0, 1));
    await fixture.mustBeReady('im/e2e-swap.tenant-0');
    await traffic().report(true);
    await sleep(300);
    expect((await traffic().report()).filter(flow => !isWhole(flow))).to.deep.equal([]);
  });

  after(async () => {
    await fixture.kubectl.must(['delete', 'im', '--all', '-n', 'e2e-swap']);
    await fixture.delete('Pod/firewall');
    await fixture.witness.run(node(), ['busybox', 'rm', '-f', '/sys/fs/bpf/swap-prog']);
  });
});
