import { expect } from 'chai';
import { mustAnswer } from '../../must.ts';
import { podsOf } from './pods.ts';
import type { ScenarioFixture } from './scenario.ts';
import { isWhole, Traffic } from './traffic.ts';

/** The scenario's DaemonSet `firewall`, its program attached on every node. */
export async function startFirewalls(
  fixture: ScenarioFixture,
  namespace: string,
): Promise<readonly Traffic[]> {
  await fixture.apply('DaemonSet/firewall');
  const pods = await mustAnswer('a firewall on every node', () => podsIn(fixture, namespace), {
    expected: names => names.length === fixture.provider.nodes.length,
    // A kubelet that lost its API server a moment ago asks again after half a minute
    seconds: 90,
  });
  for (const pod of pods) {
    const log = ['logs', '-n', namespace, pod, '-c', 'loader'];
    await mustAnswer(`the program of ${pod} is attached`, () => fixture.kubectl.run(log), {
      expected: ({ out }) => out.includes('"ready":true'),
    });
  }
  return pods.map(pod => new Traffic(fixture.kubectl, namespace, pod));
}

/** The loaders are gone, and what they pinned. */
export async function endFirewalls(fixture: ScenarioFixture, pins: readonly string[]): Promise<void> {
  await fixture.delete('DaemonSet/firewall');
  for (const node of fixture.provider.nodes)
    await fixture.witness.run(node, ['busybox', 'rm', '-f', ...pins.map(pin => `/sys/fs/bpf/${pin}`)]);
}

/** Since counting began: every packet of the first flow passed, none of the second. */
export async function mustHaveFiltered(firewalls: readonly Traffic[]): Promise<void> {
  expect(firewalls.length, 'firewalls').to.be.greaterThan(0);
  for (const each of firewalls) {
    const [passed, stopped] = await each.report();
    expect(isWhole(passed!), JSON.stringify(passed)).to.equal(true);
    expect(stopped!.sent).to.be.greaterThan(0);
    expect(stopped!.received, 'packets that a rule stops').to.equal(0);
  }
}

async function podsIn({ kubectl }: ScenarioFixture, namespace: string): Promise<readonly string[]> {
  const pods = await podsOf(kubectl, { namespace, label: 'app=firewall', fields: 'status.phase=Running' });
  return pods.map(({ metadata }) => metadata.name);
}
