import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { Stage } from '../../../native/stage.ts';
import type { NodeMapStateStatus } from '../../../operator/api/status.ts';
import { PATIENCE_MS } from '../../../operator/testing/patience.ts';
import { eventually, INNERMAP, Running } from '../../agent/support/process.ts';
import { SeenMaps } from '../../agent/support/seen.ts';
import { type Contents, contentsAt, pinsBelow, sortedContents } from '../../agent/support/witness.ts';
import type { ControlPlaneFixture } from '../controlplanefixture.ts';
import { AGENT, AGENT_LABELS, NAMESPACE, tokenOf } from '../support/accounts.ts';

export const BOOT_ID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** How soon an agent looks at everything again: tests wait for it. */
const RESYNC = ['--resync', '1s', '--content-resync', '2s', '--relist-jitter', '100ms'];

/** A node that is none: a Node and an agent's Pod in the API, a bpffs of its own, and the agent as a process of this machine. */
export class SimulatedNode extends Stage {
  readonly name: string;
  readonly #fixture: ControlPlaneFixture;
  readonly #seen = new SeenMaps();
  agent: Running | undefined;
  #kubeconfig: string | undefined;

  constructor(fixture: ControlPlaneFixture, name: string) {
    super();
    this.#fixture = fixture;
    this.name = name;
  }

  get pod(): string {
    return `agent-${this.name}`;
  }

  /** Node and Pod, both Ready, as kubelet and DaemonSet would have them. */
  async join(labels: Readonly<Record<string, string>> = {}): Promise<this> {
    const metadata = { name: this.name, labels: { 'kubernetes.io/hostname': this.name, ...labels } };
    await this.#fixture.put({ apiVersion: 'v1', kind: 'Node', metadata });
    await this.boot();
    const spec = {
      serviceAccountName: AGENT,
      nodeName: this.name,
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'agent', image: 'innermap' }],
    };
    const pod = { name: this.pod, namespace: NAMESPACE, labels: AGENT_LABELS };
    await this.#fixture.put({ apiVersion: 'v1', kind: 'Pod', metadata: pod, spec });
    await this.podReady(true);
    return this;
  }

  /** What the kubelet says of the machine. */
  async boot(bootID = BOOT_ID): Promise<void> {
    const status = { nodeInfo: { bootID }, conditions: [readiness(true)] };
    await this.#patchStatus('node', this.name, status);
  }

  async nodeReady(ready: boolean, since = new Date()): Promise<void> {
    await this.#patchStatus('node', this.name, { conditions: [readiness(ready, since)] });
  }

  async podReady(ready: boolean, since = new Date()): Promise<void> {
    const status = { phase: 'Running', conditions: [readiness(ready, since)] };
    await this.#patchStatus('pod', this.pod, status, '-n', NAMESPACE);
  }

  /** A label, or without it where the value is absent. */
  async label(key: string, value?: string): Promise<void> {
    const word = value === undefined ? `${key}-` : `${key}=${value}`;
    await this.#fixture.kubectl.must(['label', 'node', this.name, word, '--overwrite']);
  }

  /** The credentials of the agent's Pod on this node. */
  async kubeconfig(): Promise<string> {
    this.#kubeconfig ??= this.#fixture.controlPlane.kubeconfigWith(
      await tokenOf(this.#fixture, AGENT, this.pod),
    );
    return this.#kubeconfig;
  }

  async start(...options: readonly string[]): Promise<Running> {
    const places = ['--kubeconfig', await this.kubeconfig(), '--node', this.name, '--bpffs', this.bpffs];
    this.agent = new Running([process.execPath, INNERMAP, 'agent', ...places, ...RESYNC, ...options]);
    return this.agent;
  }

  /** Starts it, and waits for the report of its first turn. */
  async started(...options: readonly string[]): Promise<Running> {
    const agent = await this.start(...options);
    await agent.said(/Kernel probed/);
    return agent;
  }

  /** What bpftool finds in the outer map pinned at `pin`. */
  contents(pin: string): Contents {
    const contents = contentsAt(this.pin(pin));
    this.#note();
    return contents;
  }

  /** Waits until bpftool finds exactly this. */
  async holds(pin: string, expected: Contents): Promise<void> {
    const wanted = sortedContents(expected);
    try {
      await eventually(`${this.name} holds it`, () => same(contentsAt(this.pin(pin)), wanted));
    } catch {
      expect(contentsAt(this.pin(pin))).to.deep.equal(wanted);
    }
    this.#note();
  }

  /** The report of its agent. */
  async state(): Promise<NodeMapStateStatus | undefined> {
    const { code, out } = await this.#fixture.kubectl.run(['get', 'nms', this.name, '-o', 'json']);
    return code === 0 ? (JSON.parse(out) as { status?: NodeMapStateStatus }).status : undefined;
  }

  /** Waits until its report is as expected. */
  async stateWhen(expected: (state: NodeMapStateStatus) => boolean): Promise<NodeMapStateStatus> {
    for (const end = performance.now() + PATIENCE_MS; ; ) {
      const state = await this.state();
      if (state !== undefined && expected(state)) return state;
      if (performance.now() > end)
        throw new Error(
          `Waited in vain for ${this.name}, it told ${JSON.stringify(state)}: ${this.agent?.log}`,
        );
    }
  }

  /** The kernel as after a reboot: nothing is there. The agent must have ended. */
  reboot(): void {
    this.#note();
    this.remount();
  }

  override async leave(): Promise<number[]> {
    await this.agent?.end('SIGKILL');
    this.#note();
    const left = await super.leave();
    return [...left, ...(await this.#seen.left())];
  }

  async #patchStatus(kind: string, name: string, status: object, ...words: readonly string[]): Promise<void> {
    const patch = JSON.stringify({ status });
    const type = ['--subresource=status', '--type=strategic', '-p', patch];
    await this.#fixture.kubectl.must(['patch', kind, name, ...words, ...type]);
  }

  #note(): void {
    this.#seen.note(() => pinsBelow(this.bpffs));
  }
}

function readiness(ready: boolean, since = new Date()): object {
  const status = ready ? 'True' : 'False';
  return {
    type: 'Ready',
    status,
    reason: 'Test',
    lastTransitionTime: since.toISOString().replace(/\.\d+/, ''),
  };
}

function same(a: Contents, b: Contents): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
