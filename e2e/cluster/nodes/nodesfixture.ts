import { expect } from 'chai';
import { build } from '../../../native/stage.ts';
import { INNERMAP, Running } from '../../agent/support/process.ts';
import { becomes } from '../../must.ts';
import { type ControlPlaneFixture, until } from '../controlplanefixture.ts';
import type { Answer } from '../plane/kubectl.ts';
import { CONTROLLER, makeAccounts, NAMESPACE, tokenOf } from '../support/accounts.ts';
import type { ObjectStatus } from '../support/objectstatus.ts';
import { SimulatedNode } from './node.ts';

const AT_ONCE = 4;

/** A test's cluster: nodes with agents, and a controller, on the suite’s control plane; all of it ends with the test. */
export class NodesFixture {
  readonly fixture: ControlPlaneFixture;
  readonly nodes: SimulatedNode[] = [];
  readonly #controllers: Running[] = [];

  constructor(fixture: ControlPlaneFixture) {
    this.fixture = fixture;
  }

  /** A node that has joined, its agent not yet started. */
  async node(name: string, labels: Readonly<Record<string, string>> = {}): Promise<SimulatedNode> {
    const node = new SimulatedNode(this.fixture, name);
    this.nodes.push(node);
    return await node.join(labels);
  }

  /** So many nodes `PREFIX-0`…, with running agents. */
  async agents(count: number, prefix = 'node'): Promise<readonly SimulatedNode[]> {
    const nodes: SimulatedNode[] = [];
    for (let at = 0; at < count; at++) nodes.push(await this.node(`${prefix}-${at}`));
    // A few at a time: fifty that start at once take two cores for half a minute
    for (let from = 0; from < nodes.length; from += AT_ONCE)
      await Promise.all(nodes.slice(from, from + AT_ONCE).map(node => node.started()));
    return nodes;
  }

  async controller(...options: readonly string[]): Promise<Running> {
    const { controlPlane } = this.fixture;
    const kubeconfig = controlPlane.kubeconfigWith(await tokenOf(this.fixture, CONTROLLER));
    const words = ['--kubeconfig', kubeconfig, '-n', NAMESPACE, '--relist-jitter', '100ms', ...options];
    const running = new Running([process.execPath, INNERMAP, 'controller', ...words]);
    this.#controllers.push(running);
    return running;
  }

  /** `kubectl wait`: whether it came true in time. */
  waits(what: string, condition: string, seconds: number): Promise<boolean> {
    return becomes(this.fixture.kubectl, what, { condition, seconds });
  }

  async resourceVersion(...words: readonly string[]): Promise<string> {
    return this.fixture.kubectl.must(['get', ...words, '-o', 'jsonpath={.metadata.resourceVersion}']);
  }

  /** Waits until a status is as expected. */
  async statusWhen<T extends ObjectStatus = ObjectStatus>(
    words: readonly string[],
    expected: (status: T) => boolean,
    what = 'a status',
  ): Promise<T> {
    const ask = () => this.fixture.kubectl.run(['get', ...words, '-o', 'json']);
    const read = ({ out }: Answer) => (JSON.parse(out) as { status?: T }).status as T;
    const isSo = (each: Answer): boolean => {
      const status = each.code === 0 ? read(each) : undefined;
      return status !== undefined && expected(status);
    };
    try {
      return read(await until(ask, isSo));
    } catch (error) {
      throw new Error(`${what}: ${(error as Error).message}\n${this.logs()}`);
    }
  }

  /** What agents and controllers said last. */
  logs(): string {
    const agents = this.nodes.map(({ name, agent }) => `${name}:\n${tail(agent?.log)}`);
    return [...agents, ...this.#controllers.map(({ log }) => `controller:\n${tail(log)}`)].join('\n');
  }

  /** Ends everything, and requires that no map is left. */
  async leave(): Promise<void> {
    // Not killed: the next one would wait for its Lease
    await Promise.all(this.#controllers.map(controller => controller.end()));
    const names = this.nodes.map(({ name }) => name);
    const pods = this.nodes.map(({ pod }) => pod);
    const left = await Promise.all(this.nodes.map(node => node.leave()));
    const { kubectl } = this.fixture;
    await kubectl.run(['delete', 'im,om,nms', '--all', '-A']);
    if (names.length > 0) await kubectl.run(['delete', 'node', ...names, '--ignore-not-found']);
    if (pods.length > 0)
      await kubectl.run(['delete', 'pod', '-n', NAMESPACE, ...pods, '--ignore-not-found', '--force']);
    expect(left.flat(), 'maps that outlive the test').to.deep.equal([]);
  }
}

export { type Condition, condition, isReady, type ObjectStatus } from '../support/objectstatus.ts';

/** What every suite with nodes begins with: our kinds and accounts on the control plane, and these namespaces. */
export function prepare(fixture: ControlPlaneFixture, ...namespaces: readonly string[]): void {
  before(async function () {
    build(this);
    this.timeout(120_000);
    await fixture.install();
    await makeAccounts(fixture);
    await fixture.namespaces(...namespaces);
  });
}

/** Gives each test nodes of its own on the suite’s control plane. */
export function useNodes(fixture: ControlPlaneFixture, ...namespaces: readonly string[]): () => NodesFixture {
  let nodesFixture: NodesFixture | undefined;
  prepare(fixture, ...namespaces);
  beforeEach(() => {
    nodesFixture = new NodesFixture(fixture);
  });
  afterEach(async function () {
    this.timeout(120_000);
    await nodesFixture?.leave();
    nodesFixture = undefined;
  });
  return () => nodesFixture!;
}

function tail(log = ''): string {
  return log.trimEnd().split('\n').slice(-15).join('\n');
}
