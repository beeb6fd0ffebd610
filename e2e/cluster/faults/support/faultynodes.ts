import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { INNERMAP, Running } from '../../../agent/support/process.ts';
import { NodesFixture } from '../../nodes/nodesfixture.ts';
import { CONTROLLER, NAMESPACE, tokenOf } from '../../support/accounts.ts';
import { Access } from './access.ts';
import { FaultyNode } from './faultynode.ts';
import { FaultyProxy } from './proxy.ts';

const TAIL_LINES = 40;
const EVERYTHING = '/apis/innermap.io/v1alpha1/namespaces/team-a/innermaps';
const RESTART_MS = 1_000;

/** A controller of several and its way to the API server; one that ends is started again, as a kubelet does. */
export class Contender {
  readonly proxy: FaultyProxy;
  readonly #command: readonly string[];
  readonly #logs: string[] = [];
  #process: Running;
  #isLeft = false;

  constructor(command: readonly string[], proxy: FaultyProxy) {
    this.proxy = proxy;
    this.#command = command;
    this.#process = this.#start();
  }

  get log(): string {
    return [...this.#logs, this.#process.log].join('\n');
  }

  /** For good. */
  async kill(): Promise<void> {
    this.#isLeft = true;
    await this.#process.end('SIGKILL');
  }

  #start(): Running {
    const running = new Running(this.#command);
    void running.ended().then(async () => {
      await sleep(RESTART_MS);
      if (this.#isLeft) return;
      this.#logs.push(running.log);
      this.#process = this.#start();
    });
    return running;
  }
}

/** A cluster whose nodes and controllers have ways to the API server that can fail. */
export class FaultyNodesFixture extends NodesFixture {
  readonly #directory = mkdtempSync(join(tmpdir(), 'innermap-faults-'));
  readonly #contenders: Contender[] = [];

  /** A node that has joined, its agent not yet started; `proxied` has a proxy in its way. */
  async faulty(name: string, how: 'proxied' | 'direct' = 'proxied'): Promise<FaultyNode> {
    const node = new FaultyNode(this.fixture, name);
    this.nodes.push(node);
    await node.join();
    return how === 'proxied' ? node.behindProxy() : node;
  }

  /** The same with running agents. */
  async faultyAgents(names: readonly string[], how?: 'proxied' | 'direct'): Promise<readonly FaultyNode[]> {
    const nodes = await Promise.all(names.map(name => this.faulty(name, how)));
    await Promise.all(nodes.map(node => node.started()));
    return nodes;
  }

  async contender(identity: string): Promise<Contender> {
    const { controlPlane } = this.fixture;
    const proxy = await new FaultyProxy(controlPlane).listen();
    const access = new Access(mkdtempSync(join(this.#directory, 'c-')), controlPlane, proxy.url);
    access.come(await tokenOf(this.fixture, CONTROLLER));
    const words = ['--kubeconfig', access.kubeconfig, '-n', NAMESPACE, '--relist-jitter', '100ms'];
    const command = [process.execPath, INNERMAP, 'controller', ...words, '--identity', identity];
    const contender = new Contender(command, proxy);
    this.#contenders.push(contender);
    return contender;
  }

  /** The last words of everybody. */
  override logs(): string {
    const all = [
      ...this.nodes.map(({ name, agent }) => [name, agent?.log]),
      ...this.#contenders.map(({ log }, at) => [`controller ${at}`, log]),
    ];
    return all
      .map(([name, log = '']) => `${name}:\n${log.split('\n').slice(-TAIL_LINES).join('\n')}`)
      .join('\n');
  }

  override async leave(): Promise<void> {
    await Promise.all(this.#contenders.map(each => each.kill()));
    await Promise.all(this.#contenders.map(({ proxy }) => proxy.close()));
    rmSync(this.#directory, { recursive: true });
    await this.fixture.kubectl.run([
      'delete',
      'lease',
      'innermap-controller',
      '-n',
      NAMESPACE,
      '--ignore-not-found',
    ]);
    // kubectl deletes one by one, 50 a second
    await this.fixture.kubectl.run(['delete', '--raw', EVERYTHING]);
    await super.leave();
  }
}
