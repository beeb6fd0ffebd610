import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Identity {
  readonly cert: string;
  readonly key: string;
}

export const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;

/** A certificate authority of a test, in its folder. */
export class Authority {
  readonly #folder: string;
  readonly #name: string;

  constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
    const to = ['-keyout', this.#path('ca.key'), '-out', this.#path('ca.crt')];
    openssl(['req', '-x509', '-days', '2', ...NEW_KEY, ...to, '-subj', `/CN=${name}`]);
  }

  get ca(): string {
    return readFileSync(this.#path('ca.crt'), 'utf8');
  }

  /** Of a server on the loopback. */
  server(): Identity {
    const request = this.#path('server.csr');
    const extensions = this.#path('server.ext');
    writeFileSync(extensions, 'subjectAltName=IP:127.0.0.1\n');
    openssl(['req', ...NEW_KEY, '-keyout', this.#path('server.key'), '-out', request, '-subj', '/CN=server']);
    const by = ['-CA', this.#path('ca.crt'), '-CAkey', this.#path('ca.key'), '-CAcreateserial'];
    openssl([
      'x509',
      '-req',
      '-days',
      '2',
      '-in',
      request,
      ...by,
      '-extfile',
      extensions,
      '-out',
      this.#path('server.crt'),
    ]);
    return {
      cert: readFileSync(this.#path('server.crt'), 'utf8'),
      key: readFileSync(this.#path('server.key'), 'utf8'),
    };
  }

  #path(file: string): string {
    return join(this.#folder, `${this.#name}-${file}`);
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function openssl(words: readonly string[]): void {
  const done = spawnSync('openssl', words, { encoding: 'utf8' });
  if (done.status !== 0) throw new Error(`Cannot make a certificate: ${done.stderr}`);
}
