import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { useLoadedAgent } from '../../agent/support/loadedagent.ts';
import { INNERMAP } from '../../agent/support/process.ts';
import { treeBelow } from '../../agent/support/witness.ts';
import { describeCluster } from '../controlplanefixture.ts';
import { SYSTEM } from './calls.ts';
import { ENTRIES, useCalls } from './fixture.ts';
import { innerMap, nodeWith, outerMap, TENANTS } from './objects.ts';

describeCluster('commands on a real API server', fixture => {
  const calls = useCalls(fixture);

  it('a server that is away is told by every command, without waiting for it: exit 2', async () => {
    const config = JSON.parse(readFileSync(fixture.controlPlane.kubeconfig, 'utf8'));
    const away = join(calls().directory, 'away.kubeconfig');
    const clusters = [{ name: 'test', cluster: { server: 'https://127.0.0.1:1' } }];
    writeFileSync(away, JSON.stringify({ ...config, clusters }), { mode: 0o600 });
    const file = calls().write('away.json', TENANTS, innerMap('team-a/web', '10.1.0.7', ENTRIES));
    for (const words of [
      ['status'],
      ['get', '--node', 'n1'],
      ['plan', file],
      ['validate', '--server', file],
    ]) {
      const { code, error } = await calls().ended([INNERMAP, ...words, '--kubeconfig', away]);
      expect([code, error.includes('ECONNREFUSED')], words.join(' ')).to.deep.equal([2, true]);
    }
  });

  describe('get', () => {
    it('runs kubectl exec in the agent’s Pod, with its output and exit code', async () => {
      const recorded = calls().fakeKubectl('echo contents; exit 7');
      const words = ['get', '--node', 'n1', 'tenants', '10.1.0.7', '-o', 'json'];
      const got = await calls().ended(
        [INNERMAP, ...words, '--kubeconfig', fixture.controlPlane.kubeconfig, '--context', 'test'],
        { PATH: recorded.path },
      );
      expect([got.code, got.out, got.error]).to.deep.equal([7, 'contents\n', '']);
      const cluster = ['--kubeconfig', fixture.controlPlane.kubeconfig, '--context', 'test'];
      const program = ['innermap', 'get', '--bpffs', '/bpffs', '-o', 'json', '--', 'tenants', '10.1.0.7'];
      expect(recorded.words()).to.deep.equal([
        ...cluster,
        ...['exec', '-n', SYSTEM, 'agent-n1', '-c', 'agent', '--'],
        ...program,
      ]);
    });

    it('without an agent Pod, without a ready one, without kubectl says what to do: exit 2', async () => {
      expect((await calls().innermap('get', '--node', 'n6')).error).to.match(
        /^Error: Cannot read the kernel of node n6: no agent Pod is there; `kubectl get pods/,
      );
      expect((await calls().innermap('get', '--node', 'n1', '-n', 'team-a')).error).to.contain(
        'there in namespace team-a;',
      );
      const none = await calls().ended(
        [INNERMAP, 'get', '--node', 'n1', '--kubeconfig', fixture.controlPlane.kubeconfig],
        { PATH: '/nowhere' },
      );
      expect([none.code, none.error]).to.deep.equal([
        2,
        'Error: Cannot run kubectl: there is none on PATH; install it (https://kubernetes.io/docs/tasks/tools)\n',
      ]);
    });
  });

  describe('plan', () => {
    it('tells what applying files would create and change, and writes nothing: exit 1', async () => {
      const changed = innerMap('team-a/web', '10.1.0.7', [
        [1, 1],
        [2, 9],
        [4, 4],
      ]);
      const file = calls().write(
        'changes.json',
        TENANTS,
        changed,
        innerMap('team-b/new', '10.1.0.10', [[1, 1]]),
      );
      const version = await calls().field('im', 'web', '.metadata.resourceVersion');
      const { code, out, error } = await calls().innermap('plan', file);
      expect([code, error]).to.deep.equal([1, '']);
      expect(out).to.match(
        /^~ InnerMap team-a\/web: changed \(.*changes\.json:\d+\)\n {2}~ entries: 1 added, 1 changed, 1 removed\n/m,
      );
      expect(out).to.contain('    ~ 2: 2 → 9\n    + 4: 4\n    - 3: 3\n');
      expect(out).to.match(/^\+ InnerMap team-b\/new: created, 1 entry/m);
      expect(out).to.contain('1 created, 1 changed, 1 unchanged\n');
      expect(await calls().field('im', 'web', '.metadata.resourceVersion')).to.equal(version);
      expect((await fixture.kubectl.run(['get', 'im', 'new', '-n', 'team-b'])).code).to.equal(1);
    });

    it('what is applied already is nothing to do: exit 0', async () => {
      const file = calls().write('same.json', TENANTS, innerMap('team-a/web', '10.1.0.7', ENTRIES));
      const { code, out } = await calls().innermap('plan', file);
      expect([code, out]).to.deep.equal([0, '0 created, 0 changed, 2 unchanged\n']);
    });

    it('a key of another, a key not allowed, a layout that would change: exit 2', async () => {
      const file = calls().write(
        'wrong.json',
        outerMap('tenants', { maxEntries: 32 }),
        innerMap('team-b/thief', '10.1.0.7', [[1, 1]]),
        innerMap('team-c/stranger', '10.1.0.11', [[1, 1]]),
      );
      const { code, error } = await calls().innermap('plan', file);
      expect(code).to.equal(2);
      expect(error).to.contain('OuterMap tenants: LayoutMismatch, spec.maxEntries cannot change');
      expect(error).to.contain(
        'InnerMap team-b/thief: KeyConflict, Key 10.1.0.7 belongs to the older InnerMap team-a/web',
      );
      expect(error).to.contain('InnerMap team-c/stranger: KeyNotAllowed, ');
    });

    it('a manifest without a namespace goes where kubectl would put it', async () => {
      const { metadata, ...rest } = innerMap('x/web', '10.1.0.7', ENTRIES) as { metadata: { name: string } };
      const file = calls().write('bare.json', { ...rest, metadata: { name: metadata.name } });
      expect((await calls().innermap('plan', file, '-n', 'team-a')).out).to.equal(
        '0 created, 0 changed, 1 unchanged\n',
      );
    });
  });

  describe('plan of this kernel', () => {
    const agentFixture = useLoadedAgent();

    it('is what the agent of that node would do, by the labels of its Node: exit 1, nothing is made', async () => {
      const away = nodeWith('n7', { zone: 'b' });
      await calls().written(away.object, away.status);
      await fixture.put(outerMap('zoned', { nodeSelector: { matchLabels: { zone: 'b' } } }));
      const { kubeconfig } = fixture.controlPlane;
      const plan = (node: string) => agentFixture().here('plan', '--kubeconfig', kubeconfig, '--node', node);
      const [here, there] = [plan('n1'), plan('n7')];
      expect([here.code, here.error]).to.deep.equal([1, '']);
      expect(here.out).to.match(/^\+ tenants: create HashOfMaps/m);
      expect(here.out).to.match(/^\+ tenants\[10\.1\.0\.7\]: insert team-a\/web, 3 entries$/m);
      expect(here.out).to.not.contain('zoned');
      expect(there.out).to.match(/^\+ zoned: create HashOfMaps/m);
      expect(treeBelow(agentFixture().bpffs)).to.deep.equal([]);
      const none = plan('n9');
      expect([none.code, none.error]).to.deep.equal([
        2,
        `Error: Cannot find Node n9 in ${fixture.controlPlane.url}: name one that it has with --node, \`kubectl get nodes\` lists them\n`,
      ]);
    });
  });

  describe('validate --server', () => {
    it('shows what the admission of the cluster refuses, object by object: exit 2', async () => {
      const file = calls().write(
        'server.json',
        innerMap('team-a/web', '10.1.0.7', ENTRIES),
        innerMap('team-c/stranger', '10.1.0.11', [[1, 1]]),
        innerMap('team-a/web2', '10.1.0.12', [[1, 1]]),
      );
      await fixture.namespaces('team-c');
      const { code, out } = await calls().innermap('validate', '--server', file);
      expect(code).to.equal(2);
      expect(out).to.match(
        /server\.json:\d+: error: InnerMap team-c\/stranger: refused by the API server: .*Namespace team-c may not declare key 10\.1\.0\.11/,
      );
      expect(out).to.contain('1 error');
      expect(
        (await fixture.kubectl.run(['get', 'im', 'web2', '-n', 'team-a'])).code,
        'nothing is written',
      ).to.equal(1);
    });
  });
});
