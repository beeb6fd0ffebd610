import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../../../operator/testing/patience.ts';
import { childEnvironment } from '../../agent/support/process.ts';
import type { ControlPlane } from '../../cluster/plane/controlplane.ts';
import { type Answer, answerOf } from '../../cluster/plane/kubectl.ts';
import type { State } from '../../cluster/plane/state.ts';
import { REPOSITORY } from '../../crdschema.ts';
import { type Addresses, addressesOf, type Bridge } from './bridge.ts';
import { emptyCgroup, makeCgroup } from './cgroups.ts';
import { writeSettings } from './settings.ts';

const PROCESS_1 = join(REPOSITORY, 'e2e', 'provider', 'local', 'node.sh');
const NAMESPACES = ['--mount', '--net', '--pid', '--uts'];
const LOGS = ['containerd', 'kubelet', 'kube-proxy'];
const TAIL_LINES = 15;
const LOOK_AGAIN_MS = 10;

/** What all nodes of a cluster share. */
export interface NodeParts {
  readonly state: State;
  readonly plane: ControlPlane<Bridge>;
  /** Where the programs are. */
  readonly parts: string;
}

export interface Declared {
  readonly name: string;
  /** With which it comes into the cluster. */
  readonly taints: readonly object[];
}

/** A machine that is none: namespaces of its own, with containerd, kubelet and kube-proxy in them. */
export class LocalNode {
  readonly name: string;
  readonly #shared: NodeParts;
  readonly #folder: string;
  readonly #addresses: Addresses;
  readonly #cgroup: string;
  #pid: number | undefined;

  /** `number`: from 1 on, no other node's. */
  constructor(shared: NodeParts, { name, taints }: Declared, number: number) {
    this.name = name;
    this.#shared = shared;
    this.#addresses = addressesOf(number);
    const { state, plane } = shared;
    this.#folder = join(state.directory, name);
    mkdirSync(this.#folder);
    const cgroup = makeCgroup(state.directory.split('/').at(-1)!, name);
    this.#cgroup = cgroup;
    const { certificates, address: url } = plane;
    const addresses = this.#addresses;
    writeSettings({ name, taints, folder: this.#folder, addresses, cgroup, url, certificates });
  }

  /** Power on: containerd answers when it resolves, the kubelet soon. */
  async start(): Promise<void> {
    const { state, plane, parts } = this.#shared;
    const own = ['bash', PROCESS_1, this.name, this.#folder, parts];
    const unshare = state.start(this.name, 'unshare', [
      ...NAMESPACES,
      '--fork',
      '--kill-child',
      '--mount-proc',
      ...own,
    ]);
    this.#pid = await this.#within('has process 1', () => childOf(unshare));
    plane.network.plug(this.#pid, this.#addresses);
    await this.#within('runs containerd', async () => (await this.run(['ctr', 'version'])).code === 0);
  }

  /** Power off, at once. */
  async stop(): Promise<void> {
    this.#pid = undefined;
    await this.#shared.state.stop(this.name);
    await this.#within('has no process left', () => isDone(() => emptyCgroup(this.#cgroup)));
  }

  cut(isCut: boolean): void {
    this.#shared.plane.network.cut(this.#addresses.address, isCut);
  }

  /** Its file system, as this machine sees it. */
  get root(): string {
    return `/proc/${this.#process}/root`;
  }

  /** A command on the node, to its end, as its root. */
  run(command: readonly string[], input = ''): Promise<Answer> {
    const words = ['--target', String(this.#process), ...NAMESPACES, '--', ...command];
    return answerOf('nsenter', words, { environment: childEnvironment(), input });
  }

  async load(archive: string): Promise<void> {
    const { code, error } = await this.run(['ctr', '--namespace', 'k8s.io', 'images', 'import', archive]);
    if (code !== 0) throw new Error(`Cannot load ${archive} onto ${this.name}: ${error}`);
  }

  /** The last lines of its own parts. */
  logs(): string {
    return LOGS.map(name => `${this.name} ${name}:\n${this.#log(name)}`).join('\n');
  }

  /** The kubelet crashes; process 1 starts it again. */
  async killKubelet(): Promise<void> {
    const pid = readFileSync(join(this.#folder, 'kubelet.pid'), 'utf8').trim();
    await this.run(['kill', '-KILL', pid]);
  }

  get #process(): number {
    if (this.#pid === undefined) throw new Error(`Cannot reach ${this.name}: it is off`);
    return this.#pid;
  }

  #log(name: string): string {
    const file = join(this.#folder, `${name}.log`);
    return existsSync(file)
      ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n')
      : '';
  }

  async #within<T>(
    what: string,
    ask: () => T | undefined | false | Promise<T | undefined | false>,
  ): Promise<T> {
    for (const end = performance.now() + PATIENCE_MS; ; await sleep(LOOK_AGAIN_MS)) {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      if (performance.now() > end) throw new Error(`Waited in vain until node ${this.name} ${what}`);
    }
  }
}

/** unshare's only one. */
function childOf(pid: number): number | undefined {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return children === '' ? undefined : Number(children);
}

/** A process that was killed keeps its cgroup until the kernel has taken it apart. */
function isDone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch {
    return false;
  }
}
