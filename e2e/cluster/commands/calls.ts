import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Ended, INNERMAP, Running } from '../../agent/support/process.ts';
import type { ControlPlaneFixture } from '../controlplanefixture.ts';

/** Where the agents are. */
export const SYSTEM = 'innermap-system';

/** The built program, called as its users call it on a cluster. */
export class Calls {
  readonly directory = mkdtempSync(join(tmpdir(), 'innermap-commands-'));
  readonly plugin = join(this.directory, 'kubectl-innermap');
  readonly #fixture: ControlPlaneFixture;

  constructor(fixture: ControlPlaneFixture) {
    this.#fixture = fixture;
    symlinkSync(INNERMAP, this.plugin);
  }

  /** A cluster with nothing of ours but namespaces. */
  async begin(): Promise<void> {
    await this.#fixture.install();
    await this.#fixture.namespaces('team-a', 'team-b', SYSTEM);
    await this.clear();
  }

  async end(): Promise<void> {
    await this.clear();
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** `innermap WORDS… --kubeconfig FILE` */
  innermap(...words: readonly string[]): Promise<Ended> {
    return this.ended([INNERMAP, ...words, '--kubeconfig', this.#fixture.controlPlane.kubeconfig]);
  }

  /** `kubectl innermap WORDS…`, with KUBECONFIG as its user has it. */
  asPlugin(kubeconfig: string, ...words: readonly string[]): Promise<Ended> {
    return this.ended([this.plugin, ...words], { KUBECONFIG: kubeconfig });
  }

  ended(words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const set = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    return new Running(['env', '-u', 'KUBECONFIG', ...set, process.execPath, ...words]).ended();
  }

  write(name: string, ...objects: readonly object[]): string {
    const file = join(this.directory, name);
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
    return file;
  }

  async written(object: object, status: object): Promise<void> {
    await this.#fixture.put(object);
    await this.#fixture.put({ ...object, status }, '--subresource=status');
  }

  async field(kind: string, name: string, path: string, namespace = 'team-a'): Promise<string> {
    return this.#fixture.kubectl.must(['get', kind, name, '-n', namespace, '-o', `jsonpath={${path}}`]);
  }

  /** Nodes and agents are of the whole cluster: neither those of other suites here nor ours there. */
  async clear(): Promise<void> {
    await this.#fixture.kubectl.must(['delete', 'nodes', '--all']);
    const now = ['--grace-period=0', '--force', '--ignore-not-found'];
    await this.#fixture.kubectl.must(['delete', 'pods', '--all', '-n', SYSTEM, ...now]);
    await this.#fixture.kubectl.must([
      'delete',
      'clusterrole,clusterrolebinding',
      'map-reader',
      '--ignore-not-found',
    ]);
  }

  /** Somebody who may read InnerMaps and OuterMaps alone; the kubeconfig of that one. */
  async limitedUser(): Promise<string> {
    const account = ['serviceaccount', 'reader', '-n', 'team-a'];
    await this.#fixture.kubectl.must(['create', ...account]);
    const role = ['--verb=get,list', '--resource=innermaps.innermap.io,outermaps.innermap.io'];
    await this.#fixture.kubectl.must(['create', 'clusterrole', 'map-reader', ...role]);
    const binding = ['--clusterrole=map-reader', '--serviceaccount=team-a:reader'];
    await this.#fixture.kubectl.must(['create', 'clusterrolebinding', 'map-reader', ...binding]);
    const token = (await this.#fixture.kubectl.must(['create', 'token', 'reader', '-n', 'team-a'])).trim();
    const config = JSON.parse(readFileSync(this.#fixture.controlPlane.kubeconfig, 'utf8'));
    const file = join(this.directory, 'reader.kubeconfig');
    writeFileSync(file, JSON.stringify({ ...config, users: [{ name: 'test', user: { token } }] }), {
      mode: 0o600,
    });
    return file;
  }

  /** A kubectl that only notes what it was told: whether a Pod obeys is for real kubelets to show. */
  fakeKubectl(then: string): { readonly path: string; words(): readonly string[] } {
    const bin = join(this.directory, 'bin');
    mkdirSync(bin, { recursive: true });
    const notes = join(this.directory, 'words');
    writeFileSync(join(bin, 'kubectl'), `#!/bin/sh\nprintf '%s\\n' "$@" >'${notes}'\n${then}\n`);
    chmodSync(join(bin, 'kubectl'), 0o755);
    return {
      path: `${bin}:/usr/bin:/bin`,
      words: () => readFileSync(notes, 'utf8').trimEnd().split('\n'),
    };
  }
}
