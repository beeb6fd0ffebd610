import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { childEnvironment } from '../../agent/support/process.ts';
import { type Answer, answerOf } from '../plane/kubectl.ts';
import { clientPrograms } from '../plane/programs.ts';

/** It may wait for pods. */
const PATIENCE_MS = 150_000;

/** helm with one chart: it reads no settings of this machine and leaves none there. */
export class Helm {
  readonly #program: string;
  readonly #directory = mkdtempSync(join(tmpdir(), 'innermap-helm-'));
  readonly #chart: string;
  readonly #kubeconfig: string;

  private constructor(program: string, chart: string, kubeconfig: string) {
    this.#program = program;
    this.#chart = chart;
    this.#kubeconfig = kubeconfig;
  }

  /** `kubeconfig`: of the cluster to install into; what is only rendered needs none. */
  static async with(chart: string, kubeconfig = ''): Promise<Helm> {
    return new Helm((await clientPrograms()).helm, chart, kubeconfig);
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  run(words: readonly string[]): Promise<Answer> {
    const environment = {
      ...childEnvironment(),
      HOME: this.#directory,
      KUBECONFIG: this.#kubeconfig,
      KUBECACHEDIR: join(this.#directory, 'kubectl-cache'),
    };
    return answerOf(this.#program, words, { environment, patience: PATIENCE_MS });
  }

  async must(words: readonly string[]): Promise<string> {
    const { code, out, error } = await this.run(words);
    if (code !== 0) throw new Error(`helm ${words.join(' ')} ended with ${code}: ${error}${out}`);
    return out;
  }

  /** `install` or `upgrade`, without waiting for pods. */
  release(verb: 'install' | 'upgrade', name: string, words: readonly string[]): Promise<Answer> {
    return this.run([verb, name, this.#chart, ...words]);
  }

  lint(...words: readonly string[]): Promise<Answer> {
    return this.run(['lint', '--strict', this.#chart, ...words]);
  }

  template(...words: readonly string[]): Promise<Answer> {
    return this.run(['template', 'maps', this.#chart, '--namespace', 'ebpf', ...words]);
  }

  /** What would be installed, by `Kind/name`. */
  async objects(...words: readonly string[]): Promise<ReadonlyMap<string, Rendered>> {
    const { code, out, error } = await this.template(...words);
    if (code !== 0) throw new Error(`Cannot render the chart: ${error}`);
    const objects = parseAllDocuments(out).map(document => document.toJS() as Rendered);
    return new Map(objects.map(object => [`${object.kind}/${object.metadata.name}`, object]));
  }
}

/** An object as a template makes it, as far as tests look at it. */
export interface Rendered {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: { readonly template?: { readonly spec: PodSpec } } & Readonly<Record<string, unknown>>;
  readonly data?: Readonly<Record<string, string>>;
}

export interface PodSpec extends Readonly<Record<string, unknown>> {
  readonly containers: readonly (Readonly<Record<string, unknown>> & {
    readonly image: string;
    readonly args: readonly string[];
    readonly securityContext: Readonly<Record<string, unknown>>;
  })[];
}
