import { setTimeout as sleep } from 'node:timers/promises';

const MANIFESTS = '/etc/kubernetes';
const SERVER = 'kube-apiserver';
/** What goes over the loopback stays. */
const CUTS = ['INPUT ! -i lo', 'OUTPUT ! -o lo', 'FORWARD'];
const PATIENCE_MS = 60_000;
const LOG_LINES = 15;

/** What Docker can do to the containers that are kind's nodes. */
export class KindNodes {
  readonly workers: readonly string[];
  readonly #controlPlane: string;
  readonly #nodes: readonly string[];
  readonly #must: (command: readonly string[]) => Promise<string>;

  constructor(must: (command: readonly string[]) => Promise<string>, nodes: readonly string[]) {
    this.#must = must;
    this.#nodes = nodes;
    this.#controlPlane = nodes.find(node => node.includes('control-plane')) ?? '';
    this.workers = nodes.filter(node => node !== this.#controlPlane);
  }

  /** kind's nodes have none. */
  async mountBpffs(node: string): Promise<void> {
    await this.#in(node, 'mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf');
  }

  async stop(node: string): Promise<void> {
    await this.#must(['docker', 'kill', node]);
  }

  async start(node: string): Promise<void> {
    await this.#must(['docker', 'start', node]);
    await this.mountBpffs(node);
    const end = performance.now() + PATIENCE_MS;
    while (
      await this.#in(node, 'ctr version').then(
        () => false,
        () => true,
      )
    ) {
      if (performance.now() > end) throw new Error(`Waited in vain until node ${node} runs containerd`);
      await sleep(500);
    }
  }

  /** By rules and not by its link, which would take routes with it. */
  async cut(node: string, isCut: boolean): Promise<void> {
    const verb = isCut ? '--insert' : '--delete';
    await this.#in(node, CUTS.map(cut => `iptables --wait ${verb} ${cut} -j DROP`).join(' && '));
  }

  /** systemd starts it again. */
  async killKubelet(node: string): Promise<void> {
    await this.#in(node, 'pkill -KILL -x kubelet');
  }

  /** Without its manifest the kubelet does not start it again. */
  async stopServer(): Promise<void> {
    const away = `mv ${MANIFESTS}/manifests/${SERVER}.yaml ${MANIFESTS}/`;
    await this.#in(this.#controlPlane, `${away} && pkill -KILL -x ${SERVER}`);
  }

  async startServer(): Promise<void> {
    await this.#in(this.#controlPlane, `mv ${MANIFESTS}/${SERVER}.yaml ${MANIFESTS}/manifests/`);
  }

  async logs(): Promise<string> {
    const log = `journalctl --no-pager --lines ${LOG_LINES} --unit kubelet --unit containerd`;
    const texts = await Promise.all(this.#nodes.map(node => this.#in(node, log).catch(String)));
    return this.#nodes.map((node, at) => `${node}:\n${texts[at]}`).join('\n');
  }

  #in(node: string, script: string): Promise<string> {
    return this.#must(['docker', 'exec', node, 'sh', '-c', script]);
  }
}
