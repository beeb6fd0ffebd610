import { expect } from 'chai';
import { type ControlPlaneFixture, describeCluster, until } from '../controlplanefixture.ts';
import type { Answer, Kubectl } from '../plane/kubectl.ts';

const API = 'innermap.io/v1alpha1';

const ACCOUNT = 'system:serviceaccount:innermap-system:innermap-agent';

/** What the agent's account may do at all. */
const RULES = [
  { apiGroups: ['innermap.io'], resources: ['innermaps', 'outermaps'], verbs: ['get', 'list', 'watch'] },
  { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
  {
    apiGroups: ['innermap.io'],
    resources: ['nodemapstates', 'nodemapstates/status'],
    verbs: ['get', 'list', 'watch', 'create', 'update', 'patch'],
  },
];

const FORBIDDEN: readonly (readonly [verb: string, resource: string])[] = [
  ['delete', 'nodemapstates'],
  ['create', 'innermaps'],
  ['patch', 'innermaps'],
  ['patch', 'innermaps/status'],
  ['delete', 'innermaps'],
  ['patch', 'outermaps'],
  ['patch', 'outermaps/status'],
  ['patch', 'nodes'],
  ['patch', 'nodes/status'],
  ['get', 'secrets'],
  ['create', 'pods'],
];

describeCluster('node state policy on a real API server', fixture => {
  let agent: Kubectl;
  const uids = new Map<string, string>();

  before(async function () {
    this.timeout(120_000);
    await fixture.install();
    await fixture.namespaces('innermap-system');
    const account = { name: 'innermap-agent', namespace: 'innermap-system' };
    await fixture.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
    await grant(fixture, 'innermap-agent', RULES);
    for (const node of ['a', 'b']) {
      await fixture.put({ apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
      uids.set(node, await fixture.kubectl.must(['get', 'node', node, '-o', 'jsonpath={.metadata.uid}']));
    }
    agent = fixture.controlPlane.kubectlWith(await tokenOn(fixture, 'a'));
    await until(
      () => write(agent, state('b')),
      ({ error }) => error.includes('denied request'),
    );
    await fixture.put(state('b'));
  });

  it('an agent makes the NodeMapState of its own node, owned by its Node, and writes its status', async () => {
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'a', uid: uids.get('a') };
    await write(agent, state('a', { ownerReferences: [owner] })).then(taken);
    await write(agent, state('a', { ownerReferences: [owner] }, 'a'), '--subresource=status').then(taken);
    const name = await fixture.kubectl.must(['get', 'nms', 'a', '-o', 'jsonpath={.status.node.name}']);
    expect(name).to.equal('a');
  });

  it('an agent writes no other node’s state, be it there or not', async () => {
    for (const node of ['b', 'c']) {
      const { error } = await write(agent, state(node));
      expect(error).to.contain(`Cannot write the NodeMapState ${node}: the agent runs on node a`);
    }
    const { error } = await write(agent, state('b', {}, 'b'), '--subresource=status');
    expect(error).to.contain('Cannot write the NodeMapState b: the agent runs on node a');
  });

  it('an agent reports no other node’s state under its own name', async () => {
    const { error } = await write(agent, state('a', {}, 'b'), '--subresource=status');
    expect(error).to.contain("status.node.name must be the object's own name");
  });

  it('an agent gives its NodeMapState no other owner than its Node', async () => {
    const owners = [
      { apiVersion: 'v1', kind: 'Node', name: 'b', uid: uids.get('b') },
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: uids.get('a') },
    ];
    for (const owner of owners) {
      const { error } = await write(agent, state('a', { ownerReferences: [owner] }));
      expect(error).to.contain('Cannot give a NodeMapState another owner than its Node');
    }
  });

  for (const [verb, resource] of FORBIDDEN) {
    it(`an agent may not ${verb} ${resource}`, async () => {
      const { out } = await agent.run(['auth', 'can-i', verb, resource, '-A']);
      expect(out.trim()).to.equal('no');
    });
  }

  it('an account that may delete NodeMapStates is still stopped from it', async () => {
    const rule = { apiGroups: ['innermap.io'], resources: ['nodemapstates'], verbs: ['delete'] };
    await grant(fixture, 'too-much', [rule]);
    const { error } = await until(
      () => agent.run(['delete', 'nms', 'a']),
      answer => !answer.error.includes('cannot delete resource'),
    );
    expect(error).to.contain('Cannot delete a NodeMapState: it goes with its Node');
  });

  it('a token that is bound to no Pod writes nothing, and learns why', async () => {
    const token = await fixture.kubectl.must(['create', 'token', 'innermap-agent', '-n', 'innermap-system']);
    const { error } = await write(fixture.controlPlane.kubectlWith(token.trim()), state('a'));
    expect(error).to.contain("Cannot tell the agent's node: its token names none");
  });

  it('people with rights of their own are not the policy’s matter', async () => {
    await fixture.put(state('b', { labels: { looked: 'after' } }));
    await fixture.kubectl.must(['delete', 'nms', 'b']);
  });
});

/** A token of the agent's account, bound to a Pod on this node as the kubelet would have it. */
async function tokenOn(fixture: ControlPlaneFixture, node: string): Promise<string> {
  const metadata = { name: `agent-${node}`, namespace: 'innermap-system' };
  const spec = {
    serviceAccountName: 'innermap-agent',
    nodeName: node,
    containers: [{ name: 'agent', image: 'innermap' }],
  };
  await fixture.put({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
  const bound = ['--bound-object-kind', 'Pod', '--bound-object-name', metadata.name];
  const token = await fixture.kubectl.must([
    'create',
    'token',
    'innermap-agent',
    '-n',
    metadata.namespace,
    ...bound,
  ]);
  return token.trim();
}

async function grant(fixture: ControlPlaneFixture, name: string, rules: readonly object[]): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const apiVersion = `${group}/v1`;
  const roleRef = { apiGroup: group, kind: 'ClusterRole', name };
  const subjects = [{ apiGroup: group, kind: 'User', name: ACCOUNT }];
  await fixture.put({ apiVersion, kind: 'ClusterRole', metadata: { name }, rules });
  await fixture.put({ apiVersion, kind: 'ClusterRoleBinding', metadata: { name }, roleRef, subjects });
}

function state(name: string, metadata: object = {}, node?: string): object {
  const status = { node: { name: node, bootID: 'boot', labelsHash: 'hash' } };
  return {
    apiVersion: API,
    kind: 'NodeMapState',
    metadata: { name, ...metadata },
    ...(node === undefined ? {} : { status }),
  };
}

function write(as: Kubectl, object: object, ...words: readonly string[]): Promise<Answer> {
  return as.run(['apply', '--server-side', '--force-conflicts', ...words, '-f', '-'], JSON.stringify(object));
}

function taken({ code, error }: Answer): void {
  expect({ code, error }).to.deep.equal({ code: 0, error: '' });
}
