import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { CHART } from '../../charts/generated.ts';
import { REPOSITORY } from '../crdschema.ts';
import { type ControlPlane, startControlPlane } from './controlplane.ts';
import { Helm, type PodSpec, type Rendered } from './helm.ts';
import type { Answer, Kubectl } from './kubectl.ts';
import { describeCluster, until } from './stand.ts';

const FOLDER = join(REPOSITORY, CHART);
const CI = readdirSync(join(FOLDER, 'ci')).map(name => join(FOLDER, 'ci', name));
const NAMESPACE = 'ebpf';
const INSTALL = ['--namespace', NAMESPACE, '--create-namespace'];

const CRDS = [
  'CustomResourceDefinition/innermaps.innermap.io',
  'CustomResourceDefinition/nodemapstates.innermap.io',
  'CustomResourceDefinition/outermaps.innermap.io',
];
const ACCESS = [
  'ValidatingAdmissionPolicy/innermap-access.innermap.io',
  'ValidatingAdmissionPolicyBinding/innermap-access.innermap.io',
];
const LEAST = [
  'ClusterRole/innermap-agent',
  'ClusterRole/innermap-controller',
  'ClusterRoleBinding/innermap-agent',
  'ClusterRoleBinding/innermap-controller',
  'DaemonSet/innermap-agent',
  'Deployment/innermap-controller',
  'Role/innermap-controller',
  'RoleBinding/innermap-controller',
  'ServiceAccount/innermap-agent',
  'ServiceAccount/innermap-controller',
  'ValidatingAdmissionPolicy/nodemapstates.innermap.io',
  'ValidatingAdmissionPolicyBinding/nodemapstates.innermap.io',
];

/** Values that are refused, and what the refusal names. */
const BAD: readonly (readonly [set: string, ...words: readonly string[]])[] = [
  ['agnt.bpffs=/x', "additional properties 'agnt' not allowed"],
  ['agent.resource.limits.memory=1Gi', "additional properties 'resource' not allowed"],
  ['image.pullPolicy=Sometimes', '/image/pullPolicy', "'Always'"],
  ['image.tag=a b', '/image/tag'],
  ['logLevel=loud', '/logLevel', "'debug'"],
  ['controller.replicas=0', '/controller/replicas', 'minimum'],
  ['controller.replicas=two', '/controller/replicas', 'want integer'],
  ['agent.bpffs=sys/fs/bpf', '/agent/bpffs'],
  ['agent.extraCapabilities={ALL}', '/agent/extraCapabilities/0', "'NET_ADMIN'"],
  ['agent.extraCapabilities={CAP_PERFMON}', '/agent/extraCapabilities/0'],
  ['agent.extraArgs={resync}', '/agent/extraArgs/0'],
  ['agent.updateStrategy.rollingUpdate.maxSurge=1', "additional properties 'maxSurge' not allowed"],
  ['agent.appArmorProfile.type=None', '/agent/appArmorProfile/type'],
  ['agent.resources.limits.memory=lots', '/agent/resources/limits/memory'],
  ['crds.install=maybe', '/crds/install', 'want boolean'],
  ['monitoring.dashboard=1', '/monitoring/dashboard', 'want boolean'],
  ['imagePullSecrets={registry}', '/imagePullSecrets/0', 'want object'],
];

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

describeCluster('chart', () => {
  let helm: Helm;
  before(async function () {
    this.timeout(120_000);
    helm = await Helm.with(FOLDER);
  });
  after(() => helm?.close());

  describe('lint and templates', () => rendered(() => helm));
  describe('agent', () => agentPod(() => helm));
  describe('values', () => badValues(() => helm));
});

function rendered(helm: () => Helm): void {
  for (const file of CI) {
    it(`helm lint --strict takes ${file.slice(FOLDER.length + 1)}`, async () => {
      const { code, out, error } = await helm().lint('--values', file);
      expect(code, out + error).to.equal(0);
    });

    it(`every template makes one object at most with ${file.slice(FOLDER.length + 1)}`, async () => {
      const { out } = await helm().template('--values', file);
      const sources = [...out.matchAll(/^# Source: (.*)$/gm)].map(([, source]) => source);
      expect(sources.length).to.be.above(LEAST.length - 1);
      expect(new Set(sources).size).to.equal(sources.length);
    });
  }

  it('installs what it says by default, and what is switched on besides', async () => {
    const objects = async (...words: string[]) => [...(await helm().objects(...words)).keys()].sort();
    expect(await objects()).to.deep.equal([...LEAST, ...CRDS, ...ACCESS].sort());
    expect(await objects('--values', join(FOLDER, 'ci', 'least-values.yaml'))).to.deep.equal(LEAST);
    const more = ['ConfigMap/innermap-dashboard', 'PodDisruptionBudget/innermap-controller'];
    const monitoring = ['PodMonitor/innermap-operator', 'PrometheusRule/innermap-operator'];
    expect(await objects('--values', join(FOLDER, 'ci', 'full-values.yaml'))).to.deep.equal(
      [...LEAST, ...CRDS, ...ACCESS, ...more, ...monitoring].sort(),
    );
  });

  it('every object says what it is of, and is in the release’s namespace or in none', async () => {
    for (const [name, { metadata }] of await helm().objects()) {
      expect(metadata.labels, name).to.include({
        'app.kubernetes.io/name': 'innermap-operator',
        'app.kubernetes.io/instance': 'maps',
        'app.kubernetes.io/managed-by': 'Helm',
      });
      expect(metadata.namespace ?? NAMESPACE, name).to.equal(NAMESPACE);
    }
  });

  it('CRDs stay when the release goes', async () => {
    const objects = await helm().objects();
    for (const name of CRDS)
      expect(objects.get(name)?.metadata.annotations).to.deep.equal({ 'helm.sh/resource-policy': 'keep' });
  });

  it('is refused where Kubernetes is too old for tokens that name their node', async () => {
    const { code, error } = await helm().template('--kube-version', '1.30.9');
    expect(code).to.equal(1);
    expect(error).to.contain('requires kubeVersion: >=1.31.0-0');
  });

  it('rules and dashboard arrive as they are in files/', async () => {
    const objects = await helm().objects('--values', join(FOLDER, 'ci', 'full-values.yaml'));
    const rule = objects.get('PrometheusRule/innermap-operator')?.spec;
    expect(JSON.stringify(rule)).to.contain('{{ $labels.outer_map }}');
    const dashboard = objects.get('ConfigMap/innermap-dashboard');
    expect(dashboard?.metadata.labels).to.include({ grafana_dashboard: '1' });
    expect(JSON.parse(Object.values(dashboard?.data ?? {})[0]!)).to.include({ uid: 'innermap-operator' });
  });
}

function agentPod(helm: () => Helm): void {
  const podOf = async (name: string, ...words: readonly string[]): Promise<PodSpec> =>
    podIn((await helm().objects(...words)).get(name));

  it('has CAP_BPF and no other, and one directory of the host', async () => {
    const { containers, volumes, ...pod } = await podOf('DaemonSet/innermap-agent');
    expect(containers).to.have.length(1);
    expect(containers[0]!.securityContext).to.deep.equal({
      runAsUser: 0,
      runAsGroup: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['BPF'] },
    });
    expect(pod).not.to.have.any.keys('hostNetwork', 'hostPID', 'hostIPC');
    expect(pod['securityContext']).to.deep.equal({ seccompProfile: { type: 'RuntimeDefault' } });
    expect(JSON.stringify(volumes).match(/hostPath/g)).to.have.length(1);
    expect(containers[0]!['volumeMounts']).to.deep.include({
      name: 'bpffs',
      mountPath: '/bpffs',
      mountPropagation: 'HostToContainer',
    });
  });

  it('runs on every node, with what a cluster cannot do without', async () => {
    const pod = await podOf('DaemonSet/innermap-agent');
    expect(pod['tolerations']).to.deep.equal([{ operator: 'Exists' }]);
    expect(pod['priorityClassName']).to.equal('system-node-critical');
    expect(pod.containers[0]!.args).to.deep.equal([
      'agent',
      '--bpffs=/bpffs',
      '--listen=:9940',
      '--log-format=json',
      '--log-level=info',
    ]);
  });

  it('takes what the values give', async () => {
    const pod = await podOf('DaemonSet/innermap-agent', '--values', join(FOLDER, 'ci', 'full-values.yaml'));
    const [container] = pod.containers;
    expect(container!.image).to.match(/^registry\.example\.org:5000\/ebpf\/innermap-operator@sha256:0/);
    expect(container!.args).to.include.members(['--log-level=debug', '--resync=60s', '--content-resync=10m']);
    expect(container!.securityContext).to.deep.include({
      capabilities: { drop: ['ALL'], add: ['BPF', 'PERFMON', 'NET_ADMIN', 'DAC_OVERRIDE'] },
      appArmorProfile: { type: 'Localhost', localhostProfile: 'innermap' },
      seLinuxOptions: { type: 'spc_t' },
    });
    expect(JSON.stringify(pod['volumes'])).to.contain('"path":"/run/bpf"');
    expect(pod).not.to.have.property('priorityClassName');
  });

  it('the controller has nothing of the host and no right of a user above others', async () => {
    const pod = await podOf('Deployment/innermap-controller');
    expect(pod['securityContext']).to.deep.include({ runAsNonRoot: true, runAsUser: 65532 });
    expect(pod.containers[0]!.securityContext).to.deep.equal({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod).not.to.have.any.keys('volumes', 'hostNetwork', 'priorityClassName');
  });
}

function badValues(helm: () => Helm): void {
  for (const [set, ...words] of BAD)
    it(`--set ${set} is refused, with where and why`, async () => {
      const { code, error } = await helm().template('--set', set);
      expect(code).to.equal(1);
      for (const word of words) expect(error).to.contain(word);
    });

  it('a parent chart may pass its globals', async () => {
    expect((await helm().template('--set', 'global.region=x')).code).to.equal(0);
  });
}

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
    this.timeout(30_000);
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

function podIn(object: Rendered | undefined): PodSpec {
  const pod = object?.spec?.template?.spec;
  if (pod === undefined) throw new Error('Cannot find a pod: there is no such object');
  return pod;
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
