import type { ControlPlaneFixture } from '../../controlplanefixture.ts';
import { SimulatedNode } from '../../nodes/node.ts';
import { AGENT, tokenOf } from '../../support/accounts.ts';
import { Access } from './access.ts';
import { FaultyProxy } from './proxy.ts';

/** A node whose way to the API server, and whose credentials, a test can spoil. */
export class FaultyNode extends SimulatedNode {
  readonly #fixture: ControlPlaneFixture;
  #proxy: FaultyProxy | undefined;
  #access: Access | undefined;

  constructor(fixture: ControlPlaneFixture, name: string) {
    super(fixture, name);
    this.#fixture = fixture;
  }

  /** The way to the API server: it is in between from before `start` on. */
  async behindProxy(): Promise<this> {
    this.#proxy = await new FaultyProxy(this.#fixture.controlPlane).listen();
    return this;
  }

  get proxy(): FaultyProxy {
    if (this.#proxy === undefined) throw new Error(`Cannot spoil the way of ${this.name}: there is no proxy`);
    return this.#proxy;
  }

  get access(): Access {
    if (this.#access === undefined)
      throw new Error(`Cannot rotate what ${this.name} uses: it has not started`);
    return this.#access;
  }

  override async kubeconfig(): Promise<string> {
    if (this.#access === undefined) {
      const { controlPlane } = this.#fixture;
      this.#access = new Access(this.directory, controlPlane, this.#proxy?.url ?? controlPlane.url);
      this.#access.come(await this.token());
    }
    return this.#access.kubeconfig;
  }

  /** A new one, of the agent's Pod as it is now. */
  token(): Promise<string> {
    return tokenOf(this.#fixture, AGENT, this.pod);
  }

  override async leave(): Promise<number[]> {
    const left = await super.leave();
    await this.#proxy?.close();
    return left;
  }
}
