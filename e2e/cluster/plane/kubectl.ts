import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { childEnvironment } from '../../agent/support/process.ts';

/** What kubectl said, and its exit code. */
export interface Answer {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

const PATIENCE_MS = 60_000;

/** kubectl as one user of one cluster: it reads no settings of this machine and leaves none there. */
export class Kubectl {
  readonly #program: string;
  readonly #kubeconfig: string;
  readonly #environment: NodeJS.ProcessEnv;

  constructor(
    program: string,
    { kubeconfig, directory }: { readonly kubeconfig: string; readonly directory: string },
  ) {
    this.#program = program;
    this.#kubeconfig = kubeconfig;
    // What it remembers of a server goes by host and port, and the next one may be on the same
    const cache = join(directory, 'kubectl-cache');
    this.#environment = { ...childEnvironment(), HOME: directory, KUBECACHEDIR: cache, KUBERC: 'off' };
  }

  /** `kubectl WORDS…` to its end, whatever that is. */
  run(words: readonly string[], input = ''): Promise<Answer> {
    return answerOf(this.#program, ['--kubeconfig', this.#kubeconfig, ...words], {
      environment: this.#environment,
      input,
    });
  }

  /** The same where it must succeed: what it printed. */
  async must(words: readonly string[], input = ''): Promise<string> {
    const { code, out, error } = await this.run(words, input);
    if (code !== 0) throw new Error(`kubectl ${words.join(' ')} ended with ${code}: ${error}${out}`);
    return out;
  }
}

export interface Circumstances {
  readonly environment: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Milliseconds; then it is ended. */
  readonly patience?: number;
}

/** A program's end, whatever that is. */
export function answerOf(
  program: string,
  words: readonly string[],
  { environment, input = '', patience = PATIENCE_MS }: Circumstances,
): Promise<Answer> {
  const child = spawn(program, words, { env: environment, timeout: patience });
  const text = { out: '', error: '' };
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    text.out += part;
  });
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    text.error += part;
  });
  // It may end before it has read everything, and says why by itself
  child.stdin.on('error', () => {}).end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', code => resolve({ code, ...text }));
  });
}
