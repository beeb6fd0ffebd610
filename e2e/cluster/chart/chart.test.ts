import { expect } from 'chai';
import { describeCluster, until } from '../controlplanefixture.ts';
import { type ControlPlane, startControlPlane } from '../plane/controlplane.ts';
import type { Answer, Kubectl } from '../plane/kubectl.ts';
import { Helm } from './helm.ts';
import { ACCESS, CRDS, FOLDER, LEAST, NAMESPACE, podIn } from './objects.ts';

const INSTALL = ['--namespace', NAMESPACE, '--create-namespace'];

/** What each account may do besides what everybody may: `verb group/resource`. */
const AGENT_MAY = [
  ...each(['get', 'list', 'watch'], ['innermap.io/innermaps', 'innermap.io/outermaps', '/nodes']),
  ...each(
    ['get', 'list', 'watch', 'create', 'update', 'patch'],
    ['innermap.io/nodemapstates', 'innermap.io/nodemapstates/status'],
  ),
];
const CONTROLLER_MAY_EVERYWHERE = [
  ...each(
    ['get', 'list', 'watch'],
    ['innermap.io/innermaps', 'innermap.io/outermaps', 'innermap.io/nodemapstates', '/nodes'],
  ),
  ...each(['patch'], ['innermap.io/innermaps/status', 'innermap.io/outermaps/status']),
  ...each(['create', 'patch'], ['events.k8s.io/events']),
];
const CONTROLLER_MAY_AT_HOME = [
  ...each(['get', 'list', 'watch'], ['/pods']),
  ...each(['get', 'create', 'update'], ['coordination.k8s.io/leases']),
];

/** On a control plane of its own: another suite's CRDs are not Helm's. */
describeCluster('chart on a real API server', () => {
  let plane: ControlPlane;
  let helm: Helm;

  before(async function () {
    this.timeout(120_000);
    plane = await startControlPlane();
    helm = await Helm.with(FOLDER, plane.kubeconfig);
    const answer = await helm.release('install', 'maps', INSTALL);
    expect(answer.code, answer.error).to.equal(0);
    expect(answer.out).to.contain('kubectl get nodemapstates').and.to.contain('For up to 30 seconds');
    await plane.kubectl.must(['wait', '--for=condition=Established', '--timeout=30s', 'crd', '--all']);
  });
  after(async function () {
    this.timeout(60_000);
    helm?.close();
    await plane?.stop();
  });
  afterEach(function () {
    if (this.currentTest?.state === 'failed') console.log(plane.logs());
  });

  const installed = async (): Promise<readonly string[]> => {
    const kinds = [...new Set([...LEAST, ...CRDS, 'PodDisruptionBudget/'].map(name => name.split('/')[0]))];
    const words = ['get', kinds.join(','), '-A', '-l', 'app.kubernetes.io/instance=maps'];
    const format = 'jsonpath={range .items[*]}{.kind}/{.metadata.name}{"\\n"}{end}';
    const out = await plane.kubectl.must([...words, '-o', format]);
    return out.split('\n').filter(Boolean).sort();
  };

  /** The pod of a workload, as its controller would make it, where this Pod Security Standard is enforced. */
  const admitted = async (standard: string, workload: string): Promise<Answer> => {
    const level = `pod-security.kubernetes.io/enforce=${standard}`;
    await put(plane.kubectl, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: standard } });
    await plane.kubectl.must(['label', 'namespace', standard, level]);
    const spec = podIn((await helm.objects()).get(workload));
    const account = { name: spec['serviceAccountName'], namespace: standard };
    await put(plane.kubectl, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
    const metadata = { name: 'tried', namespace: standard };
    const pod = JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata, spec });
    return plane.kubectl.run(['create', '--dry-run=server', '-f', '-'], pod);
  };

  it('everything that it installs is there', async () => {
    expect(await installed()).to.deep.equal([...LEAST, ...CRDS, ...ACCESS].sort());
  });

  it('the agent’s account may do what it must, and nothing else', async () => {
    expect(await mayDo(plane.kubectl, 'innermap-agent', NAMESPACE)).to.have.members(AGENT_MAY);
    expect(await mayDo(plane.kubectl, 'innermap-agent', 'default')).to.have.members(AGENT_MAY);
  });

  it('the controller’s account may do what it must, pods and Leases in its own namespace alone', async () => {
    expect(await mayDo(plane.kubectl, 'innermap-controller', NAMESPACE)).to.have.members([
      ...CONTROLLER_MAY_EVERYWHERE,
      ...CONTROLLER_MAY_AT_HOME,
    ]);
    expect(await mayDo(plane.kubectl, 'innermap-controller', 'default')).to.have.members(
      CONTROLLER_MAY_EVERYWHERE,
    );
  });

  it('an agent’s own token writes its node’s state, and no other', async () => {
    await put(plane.kubectl, { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
    const agent = plane.kubectlWith(await tokenOn(plane.kubectl, 'a'));
    const { error } = await until(
      () => state(agent, 'b'),
      answer => answer.error.includes('denied request'),
    );
    expect(error).to.contain('Cannot write the NodeMapState b: the agent runs on node a');
    const own = await state(agent, 'a');
    expect(own.code, own.error).to.equal(0);
    const change = await agent.run(['label', 'node', 'a', 'x=y']);
    expect(change.error).to.contain('Forbidden');
  });

  it('the controller’s pod meets the standard “restricted”', async () => {
    const { code, error } = await admitted('restricted', 'Deployment/innermap-controller');
    expect(code, error).to.equal(0);
  });

  it('the agent’s pod asks for more than “baseline” by CAP_BPF and the bpffs alone', async () => {
    const { error } = await admitted('baseline', 'DaemonSet/innermap-agent');
    expect(error).to.match(
      /violates PodSecurity "baseline:latest": non-default capabilities \([^)]*"BPF"[^)]*\), hostPath volumes \(volume "bpffs"\)\n$/,
    );
  });

  it('bad values change nothing', async () => {
    const { code, error } = await helm.release('upgrade', 'maps', [
      ...INSTALL,
      '--set',
      'controller.replicas=9',
    ]);
    expect(code).to.equal(1);
    expect(error).to.contain('/controller/replicas');
    expect(await field(plane.kubectl, 'deployment/innermap-controller', '{.spec.replicas}')).to.equal('1');
  });

  it('an upgrade brings what other values say, and takes away what they do not', async () => {
    const values = [
      'logLevel=debug',
      'controller.replicas=2',
      'accessPolicy=false',
      'agent.extraCapabilities={PERFMON}',
    ];
    const words = [...INSTALL, ...values.flatMap(value => ['--set', value])];
    const { code, error, out } = await helm.release('upgrade', 'maps', words);
    expect(code, error).to.equal(0);
    expect(out)
      .to.contain('Agents hold more than CAP_BPF: PERFMON')
      .and.not.to.contain('For up to 30 seconds');
    const args = await field(
      plane.kubectl,
      'daemonset/innermap-agent',
      '{.spec.template.spec.containers[0].args}',
    );
    expect(args).to.contain('--log-level=debug');
    expect(await installed()).to.deep.equal(
      [...LEAST, ...CRDS, 'PodDisruptionBudget/innermap-controller'].sort(),
    );
  });

  it('a second release in the same cluster is refused', async () => {
    const { code, error } = await helm.release('install', 'second', [
      '--namespace',
      'other',
      '--create-namespace',
    ]);
    expect(code).to.equal(1);
    expect(error).to.contain('invalid ownership metadata');
  });

  it('what is declared outlives the release, and the next release of its name takes it over', async function () {
    this.timeout(60_000);
    await put(plane.kubectl, OUTER_MAP);
    await put(plane.kubectl, INNER_MAP);
    await helm.must(['uninstall', 'maps', '--namespace', NAMESPACE]);
    expect(await installed()).to.deep.equal(CRDS);
    expect(await plane.kubectl.must(['get', 'om,im', '-A', '-o', 'name'])).to.equal(
      'outermap.innermap.io/tenants\ninnermap.innermap.io/web\n',
    );
    const again = await helm.release('install', 'maps', INSTALL);
    expect(again.code, again.error).to.equal(0);
    expect(await installed()).to.deep.equal([...LEAST, ...CRDS, ...ACCESS].sort());
    expect(await field(plane.kubectl, 'im/web', '{.spec.key}')).to.equal('10.1.0.7');
  });

  it('CRDs that another release left are taken over where that is asked for', async function () {
    this.timeout(60_000);
    await helm.must(['uninstall', 'maps', '--namespace', NAMESPACE]);
    const refused = await helm.release('install', 'new', INSTALL);
    expect(refused.error).to.contain('innermaps.innermap.io');
    const { code, error } = await helm.release('install', 'new', [...INSTALL, '--take-ownership']);
    expect(code, error).to.equal(0);
    expect(await plane.kubectl.must(['get', 'om', '-o', 'name'])).to.equal('outermap.innermap.io/tenants\n');
  });
});

const OUTER_MAP = {
  apiVersion: 'innermap.io/v1alpha1',
  kind: 'OuterMap',
  metadata: { name: 'tenants' },
  spec: {
    type: 'HashOfMaps',
    maxEntries: 16,
    key: 'ipv4',
    inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32' },
    access: [{ namespaces: ['default'] }],
  },
};
const INNER_MAP = {
  apiVersion: 'innermap.io/v1alpha1',
  kind: 'InnerMap',
  metadata: { name: 'web', namespace: 'default' },
  spec: { outerMap: 'tenants', key: '10.1.0.7', entries: [{ key: 1, value: 2 }] },
};

function each(verbs: readonly string[], resources: readonly string[]): readonly string[] {
  return verbs.flatMap(verb => resources.map(resource => `${verb} ${resource}`));
}

/** By the API server's own answer, which names every rule: what everybody may do is left out. */
async function mayDo(admin: Kubectl, account: string, namespace: string): Promise<readonly string[]> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectRulesReview',
    spec: { namespace },
  };
  const as = [
    `--as=system:serviceaccount:${NAMESPACE}:${account}`,
    '--as-group=system:serviceaccounts',
    '--as-group=system:authenticated',
  ];
  const out = await admin.must(
    ['create', '--validate=false', '-f', '-', '-o', 'json', ...as],
    JSON.stringify(review),
  );
  const { resourceRules } = JSON.parse(out).status as { readonly resourceRules: readonly ResourceRule[] };
  return resourceRules
    .flatMap(({ verbs, apiGroups, resources }) =>
      apiGroups.flatMap(group =>
        each(
          verbs,
          resources.map(resource => `${group}/${resource}`),
        ),
      ),
    )
    .filter(rule => !/^create auth(entication|orization)\.k8s\.io\/self/.test(rule));
}

interface ResourceRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
}

/** A token of the account that the chart made, bound to a Pod of it on this node as the kubelet would have it. */
async function tokenOn(admin: Kubectl, node: string): Promise<string> {
  const metadata = { name: 'agent', namespace: NAMESPACE };
  const containers = [{ name: 'agent', image: 'innermap' }];
  const spec = { serviceAccountName: 'innermap-agent', nodeName: node, containers };
  await put(admin, { apiVersion: 'v1', kind: 'Pod', metadata, spec });
  const bound = ['--bound-object-kind', 'Pod', '--bound-object-name', 'agent'];
  return (await admin.must(['create', 'token', 'innermap-agent', '-n', NAMESPACE, ...bound])).trim();
}

async function put(as: Kubectl, object: object): Promise<void> {
  await as.must(['apply', '--server-side', '-f', '-'], JSON.stringify(object));
}

function state(as: Kubectl, name: string): Promise<Answer> {
  const object = { apiVersion: 'innermap.io/v1alpha1', kind: 'NodeMapState', metadata: { name } };
  return as.run(['apply', '--server-side', '-f', '-'], JSON.stringify(object));
}

async function field(as: Kubectl, object: string, path: string): Promise<string> {
  const namespace = object.startsWith('im/') ? 'default' : NAMESPACE;
  return as.must(['get', object, '-n', namespace, '-o', `jsonpath=${path}`]);
}
