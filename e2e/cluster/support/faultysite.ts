import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INNERMAP, Running } from '../../agent/support/process.ts';
import { Access } from './access.ts';
import { CONTROLLER, NAMESPACE, tokenOf } from './accounts.ts';
import { FaultyNode } from './faultynode.ts';
import { FaultyProxy } from './proxy.ts';
import { Site } from './site.ts';

const TAIL_LINES = 40;

/** A controller of several, and its way to the API server. */
export interface Contender {
  readonly process: Running;
  readonly proxy: FaultyProxy;
}

/** A site whose nodes and controllers have ways to the API server that can fail. */
export class FaultySite extends Site {
  readonly #directory = mkdtempSync(join(tmpdir(), 'innermap-faults-'));
  readonly #contenders: Contender[] = [];

  /** A node that has joined, its agent not yet started; `proxied` has a proxy in its way. */
  async faulty(name: string, how: 'proxied' | 'direct' = 'proxied'): Promise<FaultyNode> {
    const node = new FaultyNode(this.stand, name);
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
    const { controlPlane } = this.stand;
    const proxy = await new FaultyProxy(controlPlane).listen();
    const access = new Access(mkdtempSync(join(this.#directory, 'c-')), controlPlane, proxy.url);
    access.come(await tokenOf(this.stand, CONTROLLER));
    const words = ['--kubeconfig', access.kubeconfig, '-n', NAMESPACE, '--relist-jitter', '100ms'];
    const command = [process.execPath, INNERMAP, 'controller', ...words, '--identity', identity];
    const contender = { process: new Running(command), proxy };
    this.#contenders.push(contender);
    return contender;
  }

  /** The last words of everybody. */
  logs(): string {
    const all = [
      ...this.nodes.map(({ name, agent }) => [name, agent?.log]),
      ...this.#contenders.map(({ process }, at) => [`controller ${at}`, process.log]),
    ];
    return all.map(([name, log = '']) => `${name}:\n${log.split('\n').slice(-TAIL_LINES).join('\n')}`).join('\n');
  }

  override async leave(): Promise<void> {
    await Promise.all(this.#contenders.map(({ process }) => process.end('SIGKILL')));
    await Promise.all(this.#contenders.map(({ proxy }) => proxy.close()));
    rmSync(this.#directory, { recursive: true });
    await this.stand.kubectl.run(['delete', 'lease', 'innermap-controller', '-n', NAMESPACE, '--ignore-not-found']);
    await super.leave();
  }
}
