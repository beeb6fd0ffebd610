import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { REPOSITORY } from '../../crdschema.ts';
import { type Run, startKind } from './kind.ts';

const NODES = 'innermap-e2e-worker2\ninnermap-e2e-control-plane\ninnermap-e2e-worker\n';

/** Docker and kind as far as they answer: the commands are what counts. */
function recorded(): { readonly run: Run; readonly commands: string[] } {
  const commands: string[] = [];
  const run: Run = async command => {
    commands.push(command.join(' '));
    return { code: 0, out: command.includes('get') ? NODES : '', error: '' };
  };
  return { run, commands };
}

describe('kind', () => {
  it('e2e/kind.yaml: one control plane and two workers, of the API version that kind knows', () => {
    const config = parse(readFileSync(join(REPOSITORY, 'e2e', 'kind.yaml'), 'utf8'));
    expect(config).to.deep.equal({
      kind: 'Cluster',
      apiVersion: 'kind.x-k8s.io/v1alpha4',
      name: 'innermap-e2e',
      nodes: [{ role: 'control-plane' }, { role: 'worker' }, { role: 'worker' }],
    });
  });

  it('startKind: an old cluster goes, a new one comes from the file, each node gets a bpffs', async () => {
    const { run, commands } = recorded();
    const cluster = await startKind(run);
    expect(commands[0]).to.equal('kind delete cluster --name innermap-e2e');
    expect(commands[1]).to.match(
      /^kind create cluster --config \S+kind.yaml --kubeconfig \S+ --wait 120s --name innermap-e2e$/,
    );
    expect(commands.filter(command => command.includes('mount -t bpf bpf /sys/fs/bpf'))).to.have.length(3);
    expect(cluster.workers).to.deep.equal(['innermap-e2e-worker', 'innermap-e2e-worker2']);
    await cluster.down();
    expect(commands.at(-1)).to.equal('kind delete cluster --name innermap-e2e');
  });

  it('each verb is a command on the right container', async () => {
    const { run, commands } = recorded();
    const cluster = await startKind(run);
    const of = async (work: () => Promise<unknown>): Promise<readonly string[]> => {
      commands.length = 0;
      await work();
      return [...commands];
    };
    const node = 'innermap-e2e-worker';
    expect(await of(() => cluster.load('/x.tar'))).to.deep.equal([
      'kind load image-archive /x.tar --name innermap-e2e',
    ]);
    expect(await of(() => cluster.run(node, ['ls', '/']))).to.deep.equal([`docker exec -i ${node} ls /`]);
    expect(await of(() => cluster.stopNode(node))).to.deep.equal([`docker kill ${node}`]);
    const [start, mount, runtime] = await of(() => cluster.startNode(node));
    expect(start).to.equal(`docker start ${node}`);
    expect(mount).to.contain('mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf');
    expect(runtime).to.contain('ctr version');
    const [cut] = await of(() => cluster.cutNode(node, true));
    const [mended] = await of(() => cluster.cutNode(node, false));
    expect(mended).to.equal(cut!.replaceAll('--insert', '--delete'));
    expect(await of(() => cluster.killKubelet(node))).to.deep.equal([
      `docker exec ${node} sh -c pkill -KILL -x kubelet`,
    ]);
    const [away] = await of(() => cluster.stopServer());
    expect(away).to.match(/^docker exec innermap-e2e-control-plane sh -c mv .*kube-apiserver.yaml/);
    await cluster.down();
  });

  it('what Docker refuses is told with the command', async () => {
    const run: Run = async () => ({ code: 1, out: '', error: 'no space left' });
    const failure = await startKind(run).then(() => '', String);
    expect(failure).to.contain('kind delete cluster --name innermap-e2e ended with 1: no space left');
  });
});
