import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { describeCluster } from '../controlplanefixture.ts';
import { Helm, type PodSpec } from './helm.ts';
import { ACCESS, CRDS, FOLDER, LEAST, NAMESPACE, podIn } from './objects.ts';

const CI = readdirSync(join(FOLDER, 'ci')).map(name => join(FOLDER, 'ci', name));

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

describeCluster('chart without a cluster', () => {
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
      '--bpffs-on-node=/sys/fs/bpf',
      '--listen=:9940',
      '--log-format=json',
      '--log-level=info',
    ]);
  });

  it('takes what the values give', async () => {
    const pod = await podOf('DaemonSet/innermap-agent', '--values', join(FOLDER, 'ci', 'full-values.yaml'));
    const [container] = pod.containers;
    expect(container!.image).to.match(/^registry\.example\.org:5000\/ebpf\/innermap-operator@sha256:0/);
    expect(container!.args).to.include.members([
      '--bpffs-on-node=/run/bpf',
      '--log-level=debug',
      '--resync=60s',
      '--content-resync=10m',
    ]);
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
