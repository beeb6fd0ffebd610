import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  authorityOf,
  type Certificates,
  clientCertificate,
  serverCertificate,
} from '../../cluster/plane/certificates.ts';
import { certified, writeKubeconfig } from '../../cluster/plane/kubeconfig.ts';
import type { Addresses } from './bridge.ts';

export const PAUSE_IMAGE = 'innermap.test/pause:1';
const PODS = '10.244.0.0/16';
const RUNTIME = '/run/containerd/containerd.sock';

/** Of a node that is about to start. */
export interface NodeSettings {
  readonly name: string;
  readonly taints: readonly object[];
  /** Which the node keeps over a reboot. */
  readonly folder: string;
  readonly addresses: Addresses;
  readonly cgroup: string;
  /** Of the API server, as the node reaches it. */
  readonly url: string;
  readonly certificates: Certificates;
}

/** Writes what node.sh gives to containerd, kubelet and kube-proxy. */
export function writeSettings(settings: NodeSettings): void {
  const { folder, addresses } = settings;
  mkdirSync(join(folder, 'cni'), { recursive: true });
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  write('address', addresses.address);
  write('containerd.toml', containerd(folder));
  write('cni/10-bridge.conflist', JSON.stringify(cni(addresses)));
  write('kubelet.yaml', JSON.stringify(kubelet(settings, certify(settings))));
  write('kube-proxy.yaml', JSON.stringify(kubeProxy(settings)));
}

/** Both directions: the kubelet proves itself to the API server, and is asked by it. */
function certify({ name, folder, addresses, url, certificates }: NodeSettings): object {
  const authority = authorityOf(certificates);
  const node = clientCertificate(authority, `${name}-client`, `/O=system:nodes/CN=system:node:${name}`);
  const proxy = clientCertificate(authority, `${name}-proxy`, '/CN=system:kube-proxy');
  for (const [file, pair] of Object.entries({ kubelet: node, 'kube-proxy': proxy })) {
    const config = { url, user: certified(pair), authority: authority.certificate };
    writeKubeconfig(join(folder, `${file}.kubeconfig`), config);
  }
  const served = serverCertificate(authority, `${name}-server`, `IP:${addresses.address},DNS:${name}`);
  copyFileSync(authority.certificate, join(folder, 'authority.crt'));
  return { tlsCertFile: served.certificate, tlsPrivateKeyFile: served.key };
}

/** What each line is needed for, and what happens without it, was measured with containerd 1.6 and runc 1.1 (Debian 12). */
function containerd(folder: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
[grpc]
  address = "${RUNTIME}"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  # Without CAP_SYS_RESOURCE no process can have the score that the pause container asks for.
  restrict_oom_score_adj = true
  disable_apparmor = true
  tolerate_missing_hugetlb_controller = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${folder}/cni"
`;
}

function cni({ pods }: Addresses): object {
  const ipam = { type: 'host-local', ranges: [[{ subnet: pods }]] };
  const bridge = { type: 'bridge', bridge: 'cni0', isDefaultGateway: true, hairpinMode: true, ipam };
  return {
    cniVersion: '0.4.0',
    name: 'pods',
    plugins: [bridge, { type: 'portmap', capabilities: { portMappings: true } }],
  };
}

function kubelet({ folder, cgroup, taints }: NodeSettings, served: object): object {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...served,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(folder, 'authority.crt') },
    },
    authorization: { mode: 'Webhook' },
    containerRuntimeEndpoint: `unix://${RUNTIME}`,
    cgroupDriver: 'cgroupfs',
    cgroupRoot: cgroup,
    registerWithTaints: taints,
    failCgroupV1: false,
    failSwapOn: false,
    oomScoreAdj: 0,
    resolvConf: '',
    // Elsewhere it makes /usr/libexec/kubernetes on this machine
    volumePluginDir: '/var/lib/kubelet/plugins',
    // A full disk would take the only copy of an image away
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '100Mi' },
    imageGCHighThresholdPercent: 100,
  };
}

function kubeProxy({ name, folder }: NodeSettings): object {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: name,
    clusterCIDR: PODS,
    clientConnection: { kubeconfig: join(folder, 'kube-proxy.kubeconfig') },
    // These belong to the whole machine
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
