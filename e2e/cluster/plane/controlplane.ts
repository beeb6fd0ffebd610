import { cpSync, readFileSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Certificates, makeCertificates } from './certificates.ts';
import { certified, writeKubeconfig } from './kubeconfig.ts';
import { Kubectl } from './kubectl.ts';
import { LOOPBACK, type Network, type OpenNetwork } from './network.ts';
import { type Programs, programs } from './programs.ts';
import { State } from './state.ts';

/** A real API server with its own etcd, reached at this machine's loopback; no controllers and no nodes. */
export interface ControlPlane<In extends Network = Network> {
  readonly url: string;
  /** Of the administrator, whom nothing is forbidden. */
  readonly kubeconfig: string;
  readonly kubectl: Kubectl;
  /** kubectl as whoever has this token. */
  kubectlWith(token: string): Kubectl;
  /** A kubeconfig of whoever has this token. */
  kubeconfigWith(token: string): string;
  /** The server's own certificate, for whoever stands in between. */
  readonly certificates: Certificates;
  /** As nodes reach it. */
  readonly address: string;
  /** Where it runs. */
  readonly network: In;
  /** Ends the API server at once, as a crash does. */
  stopServer(): Promise<void>;
  /** Starts it again, and waits until it is ready. */
  startServer(): Promise<void>;
  /** Forgets how everything came to be what it is: who watches from before now must list. */
  compact(): Promise<void>;
  /** Keeps what is stored now; the API server is away for a moment. */
  backUp(): Promise<void>;
  /** Everything is as it was backed up, as from an old disk. */
  restore(): Promise<void>;
  /** The last lines of the logs, for whoever looks for the cause of a failure. */
  logs(): string;
  stop(): Promise<void>;
}

export interface Options {
  /** More flags for kube-apiserver; the last one counts. */
  readonly apiServerFlags?: readonly string[];
}

const ATTEMPTS = 3;
const READY_MS = 60_000;
const LOOK_AGAIN_MS = 50;

/** On this machine's loopback. Takes 3 to 5 seconds, where the programs are built. */
export function startControlPlane(options: Options = {}): Promise<ControlPlane> {
  return startControlPlaneIn(LOOPBACK, options);
}

export async function startControlPlaneIn<In extends Network>(
  open: OpenNetwork<In>,
  options: Options = {},
): Promise<ControlPlane<In>> {
  const found = await programs();
  for (let attempt = 1; ; attempt++) {
    const state = new State();
    try {
      return await started({ state, open, options }, found);
    } catch (error) {
      const logs = state.tails();
      await state.leave();
      // Between looking for a free port and taking it, another process may
      if (attempt < ATTEMPTS && /address already in use/.test(logs)) continue;
      throw new Error(`Cannot start a control plane: ${(error as Error).message}\n${logs}`);
    }
  }
}

interface Start<In extends Network> {
  readonly state: State;
  readonly open: OpenNetwork<In>;
  readonly options: Options;
}

async function started<In extends Network>(
  { state, open, options }: Start<In>,
  { etcd, apiServer, kubectl }: Programs,
): Promise<ControlPlane<In>> {
  const { directory } = state;
  const [storePort, peerPort, port] = await freePorts(3);
  const network = await open(state, { server: port!, store: storePort! });
  const certificates = makeCertificates(directory, network.address);
  const start = (name: string, command: readonly string[]): void => {
    const [program = '', ...words] = network.inside(command);
    state.start(name, program, words);
  };
  const startStore = () => start('etcd', [etcd, ...etcdFlags(storePort!, peerPort!)]);
  const startServer = async (): Promise<void> => {
    const flags = [...apiServerFlags(port!, storePort!, certificates), ...networkFlags(network)];
    start('kube-apiserver', [apiServer, ...flags, ...(options.apiServerFlags ?? [])]);
    await ready(state, port!, certificates);
  };
  const stopServer = () => state.stop('kube-apiserver');
  const whileDown = async (work: () => void): Promise<void> => {
    await stopServer();
    await state.stop('etcd', 'SIGTERM');
    work();
    startStore();
    await startServer();
  };
  const [stored, kept] = [join(directory, 'etcd'), join(directory, 'etcd-kept')];
  startStore();
  await startServer();
  const url = `https://127.0.0.1:${port}`;
  const kubeconfigOf = (name: string, user: object): string =>
    writeKubeconfig(join(directory, name), { url, user, authority: certificates.authority });
  const kubectlAs = (name: string, user: object): Kubectl =>
    new Kubectl(kubectl, { kubeconfig: kubeconfigOf(name, user), directory });
  let users = 0;
  return {
    url,
    kubeconfig: join(directory, 'admin.kubeconfig'),
    kubectl: kubectlAs('admin.kubeconfig', certified(certificates.admin)),
    kubectlWith: token => kubectlAs(`user-${++users}.kubeconfig`, { token }),
    kubeconfigWith: token => kubeconfigOf(`user-${++users}.kubeconfig`, { token }),
    certificates,
    address: `https://${network.address}:${port}`,
    network,
    stopServer,
    startServer,
    compact: () => compacted(storePort!),
    backUp: () =>
      whileDown(() => {
        rmSync(kept, { recursive: true, force: true });
        cpSync(stored, kept, { recursive: true });
      }),
    restore: () =>
      whileDown(() => {
        rmSync(stored, { recursive: true });
        cpSync(kept, stored, { recursive: true });
      }),
    logs: () => state.tails(),
    stop: () => state.leave(),
  };
}

/** etcd answers JSON on the port of its clients. */
async function compacted(storePort: number): Promise<void> {
  const ask = async (path: string, body: object) => {
    const answer = await fetch(`http://127.0.0.1:${storePort}/v3/kv/${path}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`etcd ${path}: ${answer.status} ${text}`);
    return JSON.parse(text) as { readonly header: { readonly revision: string } };
  };
  const { header } = await ask('range', { key: Buffer.from('none').toString('base64') });
  await ask('compaction', { revision: header.revision, physical: true });
}

/** Ports that were free a moment ago. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  await Promise.all(
    servers.map(server => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))),
  );
  const ports = servers.map(server => (server.address() as { readonly port: number }).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

/** Nothing of it outlives the test, so nothing needs to reach the disk. */
function etcdFlags(port: number, peerPort: number): readonly string[] {
  const client = `http://127.0.0.1:${port}`;
  const peer = `http://127.0.0.1:${peerPort}`;
  return [
    '--name=test',
    '--data-dir=etcd',
    '--unsafe-no-fsync',
    '--log-level=warn',
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=test=${peer}`,
  ];
}

function apiServerFlags(port: number, storePort: number, certificates: Certificates): readonly string[] {
  return [
    `--etcd-servers=http://127.0.0.1:${storePort}`,
    `--secure-port=${port}`,
    '--external-hostname=localhost',
    `--tls-cert-file=${certificates.server.certificate}`,
    `--tls-private-key-file=${certificates.server.key}`,
    `--client-ca-file=${certificates.authority}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${certificates.tokenKey}`,
    `--service-account-signing-key-file=${certificates.tokenKey}`,
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction',
    '--allow-privileged=true',
    `--kubelet-certificate-authority=${certificates.authority}`,
    `--kubelet-client-certificate=${certificates.admin.certificate}`,
    `--kubelet-client-key=${certificates.admin.key}`,
  ];
}

function networkFlags({ address, hasNodes }: Network): readonly string[] {
  const place = [`--bind-address=${address}`, `--advertise-address=${address}`];
  // The address of the loopback is no endpoint that the Service kubernetes may have
  return hasNodes ? place : [...place, '--endpoint-reconciler-type=none'];
}

/** Until it says so itself, and the namespace is there that users begin in. */
async function ready(state: State, port: number, certificates: Certificates): Promise<void> {
  const end = performance.now() + READY_MS;
  for (const path of ['/readyz', '/api/v1/namespaces/default']) {
    while ((await statusOf(path, port, certificates)) !== 200) {
      const over = state.ended();
      if (over !== undefined) throw new Error(`${over} ended`);
      if (performance.now() > end) throw new Error(`it is not ready after ${READY_MS / 1000} s`);
      await sleep(LOOK_AGAIN_MS);
    }
  }
}

/** Nothing while nobody answers. */
function statusOf(
  path: string,
  port: number,
  { authority, admin }: Certificates,
): Promise<number | undefined> {
  const credentials = {
    ca: readFileSync(authority),
    cert: readFileSync(admin.certificate),
    key: readFileSync(admin.key),
  };
  return new Promise(resolve => {
    const outgoing = request(
      { host: '127.0.0.1', port, path, ...credentials, agent: false, timeout: 5000 },
      answer => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    outgoing.on('error', () => resolve(undefined));
    outgoing.on('timeout', () => outgoing.destroy());
    outgoing.end();
  });
}
