import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { labelsHash } from '../../operator/core/report/reportof.ts';
import { onField } from '../agent/support/field.ts';
import { type Ended, INNERMAP, Running } from '../agent/support/process.ts';
import { treeBelow } from '../agent/support/witness.ts';
import { innerMap, nodeWith, outerMap, podOn, stateOf, TENANTS } from './objects.ts';
import { programs } from './programs.ts';
import { describeCluster } from './stand.ts';

const SYSTEM = 'innermap-system';
const LABELS = { zone: 'a' };

describeCluster('commands on a real API server', stand => {
  let directory: string;
  let plugin: string;

  before(async function () {
    this.timeout(120_000);
    directory = mkdtempSync(join(tmpdir(), 'innermap-commands-'));
    plugin = join(directory, 'kubectl-innermap');
    symlinkSync(INNERMAP, plugin);
    await stand.install();
    await stand.namespaces('team-a', 'team-b', SYSTEM);
    await clear();
  });
  after(async () => {
    await clear();
    rmSync(directory, { recursive: true, force: true });
  });

  /** Nodes and agents are of the whole cluster: neither those of other suites here nor ours there. */
  async function clear(): Promise<void> {
    await stand.kubectl.must(['delete', 'nodes', '--all']);
    const now = ['--grace-period=0', '--force', '--ignore-not-found'];
    await stand.kubectl.must(['delete', 'pods', '--all', '-n', SYSTEM, ...now]);
    await stand.kubectl.must([
      'delete',
      'clusterrole,clusterrolebinding',
      'map-reader',
      '--ignore-not-found',
    ]);
  }

  /** `innermap WORDS… --kubeconfig FILE` */
  function innermap(...words: readonly string[]): Promise<Ended> {
    return ended([INNERMAP, ...words, '--kubeconfig', stand.controlPlane.kubeconfig]);
  }

  /** `kubectl innermap WORDS…`, with KUBECONFIG as its user has it. */
  function asPlugin(kubeconfig: string, ...words: readonly string[]): Promise<Ended> {
    return ended([plugin, ...words], { KUBECONFIG: kubeconfig });
  }

  function ended(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return new Running(['env', '-u', 'KUBECONFIG', ...set, process.execPath, ...words]).ended();
  }

  function write(name: string, ...objects: readonly object[]): string {
    const file = join(directory, name);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return file;
  }

  async function written(object: object, status: object): Promise<void> {
    await stand.put(object);
    await stand.put({ ...object, status }, '--subresource=status');
  }

  async function field(kind: string, name: string, path: string, namespace = 'team-a'): Promise<string> {
    return stand.kubectl.must(['get', kind, name, '-n', namespace, '-o', `jsonpath={${path}}`]);
  }

  describe('status', () => {
    before(async function () {
      this.timeout(60_000);
      await scene();
    });

    it('summarises what is well, lists what is not: exit 1', async () => {
      const { code, out, error } = await innermap('status');
      expect([code, error]).to.deep.equal([1, '']);
      expect(out).to.match(
        /^Cluster https:\/\/127\.0\.0\.1:\d+\n\nOUTER MAP +TYPE +INNER +NODES +MAPS +READY/,
      );
      expect(out).to.match(/^tenants +HashOfMaps +Hash +1\/4 +2 +False +RemovalHeld$/m);
      expect(out, 'a node that is well is counted alone').to.not.match(/^n1 /m);
      expect(out).to.match(/^n2 +tenants +1 +12 +1 +0 +False +RemovalHeld/m);
      expect(out, 'nothing old is shown').to.match(
        /^n3 +tenants +- +- +- +- +Unknown +NodesNotReporting .*the node was started anew since/m,
      );
      expect(out).to.match(/^n4 +tenants .*Unknown +NodesNotReporting .*labels changed since/m);
      expect(out).to.match(/InnerMap team-a\/web +n2 +OutOfMemory +no memory left/);
      expect(out).to.match(/^team-a\/dns +tenants +10\.1\.0\.8 +- +Pending +no status yet/m);
      expect(out).to.contain('Without a NodeMapState: n5: its agent has not reported yet\n');
      expect(out).to.contain('Without a NodeMapState: n6: no agent Pod is there');
    });

    it('tells a held removal with the command that releases it, which kubectl takes', async () => {
      const { out } = await innermap('status');
      const command = /kubectl (annotate om\/tenants \S+ --overwrite)/.exec(out);
      expect(out).to.contain('Held: the removal of 40 keys of tenants on n2; if it is meant:');
      await stand.kubectl.must(command![1]!.split(' '));
      expect(await field('om', 'tenants', '.metadata.annotations.innermap\\.io/release-removal')).to.equal(
        'abc123',
      );
    });

    it('-o json has every node, with what is unknown as such', async () => {
      const { out } = await innermap('status', '-o', 'json');
      const { ready, nodes, silent, held } = JSON.parse(out);
      const standing = nodes.map((row: { node: string; ready: string }) => [row.node, row.ready]);
      expect(standing).to.deep.equal([
        ['n2', 'False'],
        ['n3', 'Unknown'],
        ['n4', 'Unknown'],
        ['n1', 'True'],
      ]);
      expect([ready, silent.length, held[0].token]).to.deep.equal([false, 2, 'abc123']);
    });

    it('as kubectl innermap takes KUBECONFIG, several files as kubectl does', async () => {
      const files = `${join(directory, 'none')}:${stand.controlPlane.kubeconfig}`;
      const { code, out } = await asPlugin(files, 'status', 'tenants', '-n', 'team-b', '--all');
      expect(code).to.equal(1);
      expect(out).to.match(/^n1 +tenants +2 +24 +0 +0 +True +Programmed/m);
      expect(out, 'of another namespace').to.not.contain('team-a/dns');
    });

    it('kubectl finds it as its plugin', async () => {
      const { kubectl } = await programs();
      const path = `PATH=${directory}:${process.env['PATH']}`;
      const words = [
        'env',
        `KUBECONFIG=${stand.controlPlane.kubeconfig}`,
        path,
        kubectl,
        'innermap',
        'status',
        'tenant',
      ];
      const { code, error } = await new Running(words).ended();
      expect(code).to.equal(2);
      expect(error).to.contain('`kubectl innermap status` lists them');
    });

    it('an InnerMap changed after a node’s watermark is behind, not ready', async () => {
      await stand.put(innerMap('team-b/late', '10.1.0.9', [[1, 1]]));
      const { out } = await innermap('status', 'tenants');
      expect(out).to.match(/^n1 +tenants +2 +24 +0 +1 +Unknown +Progressing/m);
      await stand.kubectl.must(['delete', 'im', 'late', '-n', 'team-b']);
    });

    it('a name that is not there, and a context that is not there, say so: exit 2', async () => {
      const unknown = await innermap('status', 'tenant');
      expect([unknown.code, unknown.error]).to.deep.equal([
        2,
        `Error: Cannot find OuterMap tenant in ${stand.controlPlane.url}: \`innermap status\` lists them\n`,
      ]);
      const context = await innermap('status', '--context', 'prod');
      expect([context.code, context.error]).to.deep.equal([
        2,
        `Error: Cannot use context prod of ${stand.controlPlane.kubeconfig}: it has test\n`,
      ]);
    });

    it('what may not be read is told in one line, the rest is shown', async () => {
      const limited = await limitedUser();
      const { code, out, error } = await ended([INNERMAP, 'status', '--kubeconfig', limited]);
      expect(code).to.equal(1);
      expect(out).to.match(/^tenants +HashOfMaps +Hash +3\/4 /m);
      const lines = error.trimEnd().split('\n');
      expect(lines).to.have.length(3);
      for (const kind of ['nodemapstates', 'nodes', 'pods'])
        expect(lines.some(line => line.startsWith(`Note: Cannot list ${kind}: 403 Forbidden`))).to.equal(
          true,
        );
    });
  });

  it('a server that is away is told at once, by every command: exit 2', async () => {
    const config = JSON.parse(readFileSync(stand.controlPlane.kubeconfig, 'utf8'));
    const away = join(directory, 'away.kubeconfig');
    const clusters = [{ name: 'test', cluster: { server: 'https://127.0.0.1:1' } }];
    writeFileSync(away, JSON.stringify({ ...config, clusters }), { mode: 0o600 });
    const file = write('away.json', TENANTS, innerMap('team-a/web', '10.1.0.7', ENTRIES));
    for (const words of [
      ['status'],
      ['get', '--node', 'n1'],
      ['plan', file],
      ['validate', '--server', file],
    ]) {
      const start = performance.now();
      const { code, error } = await ended([INNERMAP, ...words, '--kubeconfig', away]);
      expect([code, error.includes('ECONNREFUSED')], words.join(' ')).to.deep.equal([2, true]);
      expect(performance.now() - start).to.be.below(8000);
    }
  });

  describe('get', () => {
    it('runs kubectl exec in the agent’s Pod, with its output and exit code', async () => {
      const recorded = fakeKubectl('echo contents; exit 7');
      const words = ['get', '--node', 'n1', 'tenants', '10.1.0.7', '-o', 'json'];
      const got = await ended(
        [INNERMAP, ...words, '--kubeconfig', stand.controlPlane.kubeconfig, '--context', 'test'],
        { PATH: recorded.path },
      );
      expect([got.code, got.out, got.error]).to.deep.equal([7, 'contents\n', '']);
      const cluster = ['--kubeconfig', stand.controlPlane.kubeconfig, '--context', 'test'];
      const program = ['innermap', 'get', '--bpffs', '/bpffs', '-o', 'json', '--', 'tenants', '10.1.0.7'];
      expect(recorded.words()).to.deep.equal([
        ...cluster,
        ...['exec', '-n', SYSTEM, 'agent-n1', '-c', 'agent', '--'],
        ...program,
      ]);
    });

    it('without an agent Pod, without a ready one, without kubectl says what to do: exit 2', async () => {
      expect((await innermap('get', '--node', 'n6')).error).to.match(
        /^Error: Cannot read the kernel of node n6: no agent Pod is there; `kubectl get pods/,
      );
      expect((await innermap('get', '--node', 'n1', '-n', 'team-a')).error).to.contain(
        'there in namespace team-a;',
      );
      const none = await ended(
        [INNERMAP, 'get', '--node', 'n1', '--kubeconfig', stand.controlPlane.kubeconfig],
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
      const file = write('changes.json', TENANTS, changed, innerMap('team-b/new', '10.1.0.10', [[1, 1]]));
      const version = await field('im', 'web', '.metadata.resourceVersion');
      const { code, out, error } = await innermap('plan', file);
      expect([code, error]).to.deep.equal([1, '']);
      expect(out).to.match(
        /^~ InnerMap team-a\/web: changed \(.*changes\.json:\d+\)\n {2}~ entries: 1 added, 1 changed, 1 removed\n/m,
      );
      expect(out).to.contain('    ~ 2: 2 → 9\n    + 4: 4\n    - 3: 3\n');
      expect(out).to.match(/^\+ InnerMap team-b\/new: created, 1 entry/m);
      expect(out).to.contain('1 created, 1 changed, 1 unchanged\n');
      expect(await field('im', 'web', '.metadata.resourceVersion')).to.equal(version);
      expect((await stand.kubectl.run(['get', 'im', 'new', '-n', 'team-b'])).code).to.equal(1);
    });

    it('what is applied already is nothing to do: exit 0', async () => {
      const file = write('same.json', TENANTS, innerMap('team-a/web', '10.1.0.7', ENTRIES));
      const { code, out } = await innermap('plan', file);
      expect([code, out]).to.deep.equal([0, '0 created, 0 changed, 2 unchanged\n']);
    });

    it('a key of another, a key not allowed, a layout that would change: exit 2', async () => {
      const file = write(
        'wrong.json',
        outerMap('tenants', { maxEntries: 32 }),
        innerMap('team-b/thief', '10.1.0.7', [[1, 1]]),
        innerMap('team-c/stranger', '10.1.0.11', [[1, 1]]),
      );
      const { code, error } = await innermap('plan', file);
      expect(code).to.equal(2);
      expect(error).to.contain('OuterMap tenants: LayoutMismatch, spec.maxEntries cannot change');
      expect(error).to.contain(
        'InnerMap team-b/thief: KeyConflict, Key 10.1.0.7 belongs to the older InnerMap team-a/web',
      );
      expect(error).to.contain('InnerMap team-c/stranger: KeyNotAllowed, ');
    });

    it('a manifest without a namespace goes where kubectl would put it', async () => {
      const { metadata, ...rest } = innerMap('x/web', '10.1.0.7', ENTRIES) as { metadata: { name: string } };
      const file = write('bare.json', { ...rest, metadata: { name: metadata.name } });
      expect((await innermap('plan', file, '-n', 'team-a')).out).to.equal(
        '0 created, 0 changed, 1 unchanged\n',
      );
    });
  });

  describe('plan of this kernel', () => {
    const field = onField();

    it('is what the agent of that node would do, by the labels of its Node: exit 1, nothing is made', async () => {
      const away = nodeWith('n7', { zone: 'b' });
      await written(away.object, away.status);
      await stand.put(outerMap('zoned', { nodeSelector: { matchLabels: { zone: 'b' } } }));
      const { kubeconfig } = stand.controlPlane;
      const plan = (node: string) => field().here('plan', '--kubeconfig', kubeconfig, '--node', node);
      const [here, there] = [plan('n1'), plan('n7')];
      expect([here.code, here.error]).to.deep.equal([1, '']);
      expect(here.out).to.match(/^\+ tenants: create HashOfMaps/m);
      expect(here.out).to.match(/^\+ tenants\[10\.1\.0\.7\]: insert team-a\/web, 3 entries$/m);
      expect(here.out).to.not.contain('zoned');
      expect(there.out).to.match(/^\+ zoned: create HashOfMaps/m);
      expect(treeBelow(field().bpffs)).to.deep.equal([]);
      const none = plan('n9');
      expect([none.code, none.error]).to.deep.equal([
        2,
        `Error: Cannot find Node n9 in ${stand.controlPlane.url}: name one that it has with --node, \`kubectl get nodes\` lists them\n`,
      ]);
    });
  });

  describe('validate --server', () => {
    it('shows what the admission of the cluster refuses, object by object: exit 2', async () => {
      const file = write(
        'server.json',
        innerMap('team-a/web', '10.1.0.7', ENTRIES),
        innerMap('team-c/stranger', '10.1.0.11', [[1, 1]]),
        innerMap('team-a/web2', '10.1.0.12', [[1, 1]]),
      );
      await stand.namespaces('team-c');
      const { code, out } = await innermap('validate', '--server', file);
      expect(code).to.equal(2);
      expect(out).to.match(
        /server\.json:\d+: error: InnerMap team-c\/stranger: refused by the API server: .*Namespace team-c may not declare key 10\.1\.0\.11/,
      );
      expect(out).to.contain('1 error');
      expect(
        (await stand.kubectl.run(['get', 'im', 'web2', '-n', 'team-a'])).code,
        'nothing is written',
      ).to.equal(1);
    });
  });

  const ENTRIES: readonly (readonly [number, number])[] = [
    [1, 1],
    [2, 2],
    [3, 3],
  ];

  /** One node that is well, and one of each kind that is not. */
  async function scene(): Promise<void> {
    await stand.put(TENANTS);
    await stand.put(innerMap('team-a/dns', '10.1.0.8', [[1, 1]]));
    const ready = { status: 'True', reason: 'Programmed', message: 'as declared' };
    await written(innerMap('team-a/web', '10.1.0.7', ENTRIES), {
      observedGeneration: 1,
      nodes: { summary: '1/4' },
      conditions: [{ type: 'Ready', ...ready, lastTransitionTime: '2026-11-20T10:00:00Z' }],
    });
    await stand.put(
      { ...TENANTS, status: { innerMaps: 2, nodes: { summary: '3/4' } } },
      '--subresource=status',
    );
    await stand.put({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { name: 'default', namespace: SYSTEM },
    });
    const version = await field('im', 'web', '.metadata.resourceVersion');
    const uid = await field('om', 'tenants', '.metadata.uid');
    for (const name of ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']) {
      const node = nodeWith(name, LABELS);
      await written(node.object, node.status);
      if (name !== 'n6') {
        const pod = podOn(name, SYSTEM);
        await written(pod.object, pod.status);
      }
    }
    const told = {
      uid,
      generation: 1,
      programmedResourceVersion: version,
      innerMaps: 2,
      entries: 24,
      bytes: 192,
    };
    const well = { name: 'tenants', ...told, failuresTotal: 0 };
    const failing = {
      ...well,
      innerMaps: 1,
      entries: 12,
      failuresTotal: 1,
    };
    const failure = {
      ...{ kind: 'InnerMap', namespace: 'team-a', name: 'web', outerMap: 'tenants' },
      ...{ reason: 'OutOfMemory', message: 'no memory left' },
    };
    const labels = labelsHash(LABELS);
    const states = [
      stateOf('n1', { labels, outerMaps: [well] }),
      stateOf('n2', {
        labels,
        outerMaps: [{ ...failing, heldRemoval: { keys: 40, token: 'abc123' } }],
        failures: [failure],
      }),
      stateOf('n3', { labels, bootID: 'before', outerMaps: [well] }),
      stateOf('n4', { labels: 'other', outerMaps: [well] }),
    ];
    for (const { object, status } of states) await written(object, status);
  }

  /** Somebody who may read InnerMaps and OuterMaps alone; the kubeconfig of that one. */
  async function limitedUser(): Promise<string> {
    const account = ['serviceaccount', 'reader', '-n', 'team-a'];
    await stand.kubectl.must(['create', ...account]);
    const role = ['--verb=get,list', '--resource=innermaps.innermap.io,outermaps.innermap.io'];
    await stand.kubectl.must(['create', 'clusterrole', 'map-reader', ...role]);
    const binding = ['--clusterrole=map-reader', '--serviceaccount=team-a:reader'];
    await stand.kubectl.must(['create', 'clusterrolebinding', 'map-reader', ...binding]);
    const token = (await stand.kubectl.must(['create', 'token', 'reader', '-n', 'team-a'])).trim();
    const config = JSON.parse(readFileSync(stand.controlPlane.kubeconfig, 'utf8'));
    const file = join(directory, 'reader.kubeconfig');
    writeFileSync(file, JSON.stringify({ ...config, users: [{ name: 'test', user: { token } }] }), {
      mode: 0o600,
    });
    return file;
  }

  /** A kubectl that only notes what it was told: whether a Pod obeys is for real kubelets to show. */
  function fakeKubectl(then: string): { readonly path: string; words(): readonly string[] } {
    const bin = join(directory, 'bin');
    mkdirSync(bin, { recursive: true });
    const notes = join(directory, 'words');
    writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\nprintf '%s\\n' "$@" >'${notes}'\n${then}\n`);
    chmodSync(join(bin, 'kubectl'), 0o755);
    return {
      path: `${bin}:/usr/bin:/bin`,
      words: () => readFileSync(notes, 'utf8').trimEnd().split('\n'),
    };
  }
});
