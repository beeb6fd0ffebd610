import { expect } from 'chai';
import { CommandFixture } from '../testing/commandfixture.ts';
import type { AgentPod, AppliedOutcome, ClusterPlanRequest, FilesRequest } from './ports.ts';

const HERE = ['--kubeconfig', 'f'];
const NOTHING: AppliedOutcome = { changes: [], problems: [], refusals: [], notes: [] };
const POD: AgentPod = { namespace: 'sys', name: 'agent-x', node: 'n1', container: 'agent' };

describe('get of a node', () => {
  function fixture(pods: readonly AgentPod[]) {
    const words: (readonly string[])[] = [];
    const made = new CommandFixture();
    made.inspect = {
      agentPods: async () => pods,
      kubectl: async given => {
        words.push(given);
        return 3;
      },
    };
    return { fixture: made, words };
  }

  it('asks the agent of the node through kubectl exec; its exit code is the command’s', async () => {
    const { fixture: made, words } = fixture([POD]);
    const { code } = await made.run('get', '--node', 'n1', 'offsets', ...HERE, '-o', 'yaml', '--', '-5');
    expect(code).to.equal(3);
    expect(words[0]!.join(' ')).to.equal(
      '--kubeconfig f exec -n sys agent-x -c agent -- innermap get --bpffs /bpffs -o yaml -- offsets -5',
    );
  });

  it('gives the agent’s command --bpffs-on-node where the agent has it', async () => {
    const { fixture: made, words } = fixture([{ ...POD, bpffsOnNode: '/run/bpf' }]);
    await made.run('get', '--node', 'n1', ...HERE);
    const command = 'innermap get --bpffs /bpffs --bpffs-on-node /run/bpf -o table --';
    expect(words[0]!.join(' ')).to.equal(`--kubeconfig f exec -n sys agent-x -c agent -- ${command}`);
  });

  it('as a plugin leaves kubectl to find its own cluster; --bpffs speaks of this machine', async () => {
    const { fixture: made, words } = fixture([POD]);
    made.program = 'kubectl innermap';
    made.env = { HOME: '/home/me' };
    await made.run('get', '--node', 'n1');
    expect(words[0]!.slice(0, 2)).to.deep.equal(['exec', '-n']);
    expect((await made.run('get')).error).to.contain('Command get needs --node NAME in a cluster');
    expect((await made.run('get', '--bpffs', '/b')).error).to.contain('This test gives no kernel');
  });

  it('without an agent, or with one that is not Ready, says where to look: exit 2', async () => {
    const none = await fixture([]).fixture.run('get', '--node', 'n1', ...HERE);
    expect([none.code, none.error.includes('no agent Pod is there; `kubectl get pods -A')]).to.deep.equal([
      2,
      true,
    ]);
    const { fixture: made, words } = fixture([{ ...POD, notReadyFor: 0 }]);
    expect((await made.run('get', '--node', 'n1', ...HERE)).error).to.contain(
      '`kubectl logs -n sys agent-x` may say why',
    );
    expect(words).to.deep.equal([]);
  });
});

describe('plan in a cluster', () => {
  function fixture(outcome: AppliedOutcome) {
    const made = new CommandFixture();
    const files: FilesRequest[] = [];
    const nodes: ClusterPlanRequest[] = [];
    made.inspect = {
      planFiles: async request => {
        files.push(request);
        return outcome;
      },
      planNode: async request => {
        nodes.push(request);
        return { lines: ['+ x'], changes: 1, refusals: [], held: [], steps: [] };
      },
    };
    return { fixture: made, files, nodes };
  }

  it('without files is what the cluster’s agent would do here', async () => {
    const { fixture: made, nodes } = fixture(NOTHING);
    const { code, out } = await made.run('plan', ...HERE, '--node', 'n1', '--bpffs', '/b');
    expect([code, out]).to.deep.equal([1, '+ x\n1 change\n']);
    const { address, node, bpffs } = nodes[0]!;
    expect([address.kubeconfig, node, bpffs]).to.deep.equal(['f', 'n1', '/b']);
  });

  it('with files is what applying them would change there, as a diff: exit 1', async () => {
    const { fixture: made, files } = fixture({
      ...NOTHING,
      notes: ['Cannot list nodes'],
      changes: [
        { kind: 'created', object: 'InnerMap a/new', origin: 'f:1', fields: [], entries: entries(12) },
        { kind: 'created', object: 'OuterMap new', origin: 'f:2', fields: [] },
        {
          ...{ kind: 'changed', object: 'InnerMap a/web', origin: 'f:3' },
          fields: [
            { field: 'spec.update', after: 'InPlace' },
            { field: 'spec.sealed', before: 'true', after: 'false' },
            { field: 'spec.maxEntries', before: '5' },
          ],
          entries: { ...entries(9), changed: 1, removed: 1 },
        },
        { kind: 'unchanged', object: 'InnerMap a/same', origin: 'f:4', fields: [] },
      ],
    });
    const { code, out, error } = await made.run('plan', 'x', ...HERE, '-n', 'a');
    expect([code, error]).to.deep.equal([1, 'Note: Cannot list nodes\n']);
    expect(out).to.equal(
      '+ InnerMap a/new: created, 12 entries (f:1)\n' +
        '+ OuterMap new: created (f:2)\n' +
        '~ InnerMap a/web: changed (f:3)\n' +
        '  + spec.update: InPlace\n' +
        '  ~ spec.sealed: true → false\n' +
        '  - spec.maxEntries: 5\n' +
        '  ~ entries: 9 added, 1 changed, 1 removed\n' +
        '    ~ k: 1 → 2\n' +
        '    + k: 2\n' +
        '    - k: 1\n' +
        '    and 8 more\n' +
        '2 created, 1 changed, 1 unchanged\n',
    );
    expect([files[0]!.paths, files[0]!.namespace]).to.deep.equal([['x'], 'a']);
  });

  it('nothing to do is exit 0, a problem or a refused manifest exit 2', async () => {
    const none = await fixture(NOTHING).fixture.run('plan', 'x', ...HERE);
    expect([none.code, none.out]).to.deep.equal([0, '0 created, 0 changed, 0 unchanged\n']);
    const problem = { object: 'InnerMap a/web', reason: 'KeyConflict', message: 'taken' } as const;
    const changes = [{ kind: 'created', object: 'InnerMap a/web', origin: 'f:1', fields: [] }] as const;
    const wrong = await fixture({ ...NOTHING, changes, problems: [problem] }).fixture.run(
      'plan',
      'x',
      ...HERE,
    );
    expect([wrong.code, wrong.error]).to.deep.equal([2, 'f:1: InnerMap a/web: KeyConflict, taken\n']);
    expect(wrong.out).to.contain('1 created, 0 changed, 0 unchanged, 1 problem\n');
    const refusals = [{ origin: 'f:3:1', message: 'wrong' }];
    const refused = await fixture({ ...NOTHING, refusals }).fixture.run('plan', 'x', ...HERE);
    expect([refused.code, refused.error]).to.deep.equal([2, 'f:3:1: wrong\n']);
  });

  it('-o json is the whole outcome', async () => {
    const { code, out } = await fixture(NOTHING).fixture.run('plan', 'x', ...HERE, '-o', 'json');
    expect([code, JSON.parse(out)]).to.deep.equal([0, NOTHING]);
  });

  function entries(added: number) {
    const first = [
      { kind: 'changed', key: 'k', before: '1', after: '2' },
      { kind: 'added', key: 'k', after: '2' },
      { kind: 'removed', key: 'k', before: '1' },
    ] as const;
    return { added, changed: 0, removed: 0, first };
  }
});

describe('validate --server', () => {
  const loaded = {
    wanted: {
      ...{ outerMaps: [], innerMaps: [], complete: true, releases: [] },
      refusals: [{ origin: 'b.yaml:1:1', message: 'wrong here' }],
    },
    files: 1,
    sizes: [],
  };

  it('tells the server’s refusals among the others, in the order of the files: exit 2', async () => {
    const fixture = Object.assign(new CommandFixture(), { loaded });
    fixture.inspect = { refusedByServer: async () => [{ origin: 'a.yaml:7', message: 'refused there' }] };
    const { code, out } = await fixture.run('validate', 'x', '--server', ...HERE);
    expect(code).to.equal(2);
    expect(out).to.match(/^a\.yaml:7: error: refused there\nb\.yaml:1:1: error: wrong here\n/);
  });

  it('needs --server, and a cluster', async () => {
    const fixture = Object.assign(new CommandFixture(), {
      program: 'kubectl innermap',
      env: { HOME: '/h' },
      loaded,
    });
    expect((await fixture.run('validate', 'x')).out).to.contain('1 error');
    expect((await fixture.run('validate', 'x', ...HERE)).error).to.contain(
      'Option --kubeconfig is for --server: add that',
    );
    fixture.program = 'innermap';
    expect((await fixture.run('validate', 'x', '--server')).error).to.contain(
      'Option --server needs a cluster: add --kubeconfig',
    );
  });
});
