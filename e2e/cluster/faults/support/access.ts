import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ControlPlane } from '../../plane/controlplane.ts';

/** A kubeconfig that names files, as a Pod's credentials are: each can be rotated while somebody uses them. */
export class Access {
  readonly kubeconfig: string;
  readonly #token: string;
  readonly #authority: string;

  constructor(directory: string, { certificates }: ControlPlane, server: string) {
    this.kubeconfig = join(directory, 'kubeconfig');
    this.#token = join(directory, 'token');
    this.#authority = join(directory, 'ca.crt');
    this.trust(certificates.authority);
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'test', cluster: { server, 'certificate-authority': this.#authority } }],
      users: [{ name: 'test', user: { tokenFile: this.#token } }],
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      'current-context': 'test',
    };
    writeFileSync(this.kubeconfig, JSON.stringify(config), { mode: 0o600 });
  }

  get token(): string {
    return readFileSync(this.#token, 'utf8');
  }

  /** Another token in the place of the one before, at once. */
  come(token: string): void {
    writeFileSync(`${this.#token}-new`, token, { mode: 0o600 });
    renameSync(`${this.#token}-new`, this.#token);
  }

  /** Other authorities, from a file. */
  trust(authority: string): void {
    copyFileSync(authority, `${this.#authority}-new`);
    renameSync(`${this.#authority}-new`, this.#authority);
  }
}
