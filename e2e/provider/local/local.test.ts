import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { OWN } from '../../../operator/testing/own.ts';
import { childEnvironment, eventually } from '../../agent/support/process.ts';
import { mustAnswer } from '../../must.ts';
import { chosenProvider } from '../choose.ts';
import type { Provider } from '../provider.ts';

const ABANDONED = join(import.meta.dirname, 'abandoned.js');
const KEEP = join(import.meta.dirname, 'keep.js');
/** What a kubelet and kube-proxy would set on a machine of their own. */
const SYSCTLS = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'net/ipv4/ip_forward',
];
const PLACES = [
  '/usr/libexec/kubernetes',
  '/etc/kubernetes',
  '/var/lib/kubelet',
  '/run/netns',
  '/etc/cni',
  '/opt/cni',
];

const choice = chosenProvider('local');
const isHere = choice.kind === 'found';

(isHere || process.env['CI'] === 'true' ? describe : describe.skip)('local cluster', function () {
  this.timeout(20 * 60_000);
  let untouched: Machine;
  let cluster: Provider;
  let others: readonly string[];
  let own: readonly string[];

  before(async () => {
    if (choice.kind === 'missing') throw new Error(`Cannot start a cluster: ${choice.why}`);
    untouched = machine();
    others = cgroups();
    cluster = await choice.start();
    own = cgroups().filter(name => !others.includes(name));
  });
  after(() => cluster?.down());

  const conditionOf = async (node: string): Promise<string> =>
    (await cluster.kubectl.run(['get', 'node', node, '-o', `jsonpath=${READY}`])).out;
  const becomes = (node: string, status: string) =>
    mustAnswer(`${node} is ${status}`, () => conditionOf(node), { expected: found => found === status });

  it('its nodes are Ready, one with the control plane’s taint', async () => {
    for (const node of cluster.nodes) await becomes(node, 'True');
    const taints = ['get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints[?(@.effect=="NoSchedule")].key}'];
    expect(await cluster.kubectl.must(taints)).to.contain('node-role.kubernetes.io/control-plane');
    expect(cluster.workers).to.deep.equal(['worker-1', 'worker-2']);
  });

  it('each has its own name, processes, network and bpffs', async () => {
    const [one, two] = cluster.workers;
    await cluster.run(one!, ['mkdir', '/sys/fs/bpf/only-here']);
    expect((await cluster.run(two!, ['ls', '/sys/fs/bpf'])).out).not.to.contain('only-here');
    expect(existsSync('/sys/fs/bpf/only-here')).to.equal(false);
    expect((await cluster.run(one!, ['hostname'])).out.trim()).to.equal(one);
    const pids = (await cluster.run(one!, ['pgrep', '-c', 'kubelet'])).out.trim();
    expect(pids).to.equal('1');
    const addresses = await Promise.all(
      cluster.nodes.map(node => cluster.run(node, ['ip', '-4', '-br', 'address'])),
    );
    expect(new Set(addresses.map(({ out }) => out)).size).to.equal(3);
  });

  it('a reboot empties the bpffs; the node is Ready again soon', async () => {
    const [node] = cluster.workers;
    await cluster.stopNode(node!);
    await cluster.startNode(node!);
    expect((await cluster.run(node!, ['ls', '/sys/fs/bpf'])).out).not.to.contain('only-here');
    await becomes(node!, 'True');
  });

  it('cut off, it is not Ready; mended, it is', async () => {
    const [, node] = cluster.workers;
    await cluster.cutNode(node!, true);
    await mustAnswer(`${node} is not Ready`, () => conditionOf(node!), {
      expected: found => found !== 'True',
      seconds: 60,
    });
    await cluster.cutNode(node!, false);
    await mustAnswer(`${node} is Ready`, () => conditionOf(node!), {
      expected: found => found === 'True',
      seconds: 60,
    });
  });

  it('down, this machine is as it was', async () => {
    expect(own).to.have.length(1);
    await cluster.down();
    await eventually('no cgroup is left', () => !cgroups().includes(own[0]!));
    expect(machine()).to.deep.equal(untouched);
  });

  it('it ends with its test’s process, however that ends', async () => {
    const test = spawn(process.execPath, [ABANDONED], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [directory] = (await once(createInterface(test.stdout), 'line').finally(() =>
      test.kill('SIGKILL'),
    )) as [string];
    await eventually('its folder is gone', () => !existsSync(directory));
    await eventually('no cgroup is left', () => !cgroups().includes(basename(directory)));
    expect(machine()).to.deep.equal(untouched);
  });

  it('npm run cluster keeps one up with its nodes Ready, and Ctrl-C ends it', async () => {
    // A terminal tells everybody in the group
    const kept = spawn(process.execPath, [KEEP], {
      env: childEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
    });
    const lines = createInterface(kept.stdout)[Symbol.asyncIterator]();
    const next = async () => String((await lines.next()).value);
    const kubeconfig = (await next()).replace('export KUBECONFIG=', '');
    const kubectl = join((await next()).replace(/^export PATH=|:\$PATH$/g, ''), 'kubectl');
    const nodes = printed(kubectl, '--kubeconfig', kubeconfig, 'get', 'nodes', '--no-headers');
    expect(nodes.match(/ Ready /g)).to.have.length(3);
    process.kill(-kept.pid!, 'SIGINT');
    expect(await once(kept, 'close')).to.deep.equal([0, null]);
    expect(existsSync(kubeconfig)).to.equal(false);
    await eventually('no cgroup is left', () => cgroups().length === others.length);
    expect(machine()).to.deep.equal(untouched);
  });
});

const READY = '{.status.conditions[?(@.type=="Ready")].status}';

type Machine = ReturnType<typeof machine>;

function machine() {
  return {
    links: printed('ip', '-br', 'link'),
    addresses: printed('ip', '-br', 'address'),
    routes: printed('ip', 'route'),
    rules: printed('nft', 'list', 'ruleset'),
    sysctls: SYSCTLS.map(name => readFileSync(`/proc/sys/${name}`, 'utf8')),
    places: PLACES.filter(place => existsSync(place)),
  };
}

/** Of this run: another one may be on this machine. */
function cgroups(): readonly string[] {
  const hierarchies = readdirSync('/sys/fs/cgroup', { withFileTypes: true }).filter(each =>
    each.isDirectory(),
  );
  const found = hierarchies.flatMap(({ name }) => readdirSync(join('/sys/fs/cgroup', name)));
  return [...new Set(found)].filter(name => name.startsWith(`${OWN}-cluster-`));
}

function printed(program: string, ...words: readonly string[]): string {
  return execFileSync(program, words, { env: childEnvironment(), encoding: 'utf8' });
}
