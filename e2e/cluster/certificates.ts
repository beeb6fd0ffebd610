import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of what the API server and its administrator prove themselves with. */
export interface Certificates {
  readonly authority: string;
  readonly server: Pair;
  readonly admin: Pair;
  /** Signs the tokens of service accounts. */
  readonly tokenKey: string;
}

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

/** One authority for everything, good for two days. */
export function makeCertificates(directory: string): Certificates {
  const authority = issue(directory, 'authority', ['-subj', '/CN=innermap-test']);
  const signed = ['-CA', authority.certificate, '-CAkey', authority.key];
  const leaf = [...signed, '-addext', 'basicConstraints=critical,CA:FALSE'];
  const names = 'subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc';
  const server = ['-subj', '/CN=kube-apiserver', '-addext', names, '-addext', 'extendedKeyUsage=serverAuth'];
  const admin = ['-subj', '/O=system:masters/CN=admin', '-addext', 'extendedKeyUsage=clientAuth'];
  return {
    authority: authority.certificate,
    server: issue(directory, 'server', [...leaf, ...server]),
    admin: issue(directory, 'admin', [...leaf, ...admin]),
    tokenKey: makeTokenKey(directory),
  };
}

function issue(directory: string, name: string, words: readonly string[]): Pair {
  const certificate = join(directory, `${name}.crt`);
  const key = join(directory, `${name}.key`);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const files = ['-out', certificate, '-keyout', key];
  execFileSync('openssl', ['req', '-x509', ...curve, ...words, ...files], { stdio: 'pipe' });
  return { certificate, key };
}

function makeTokenKey(directory: string): string {
  const file = join(directory, 'tokens.key');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileSync(file, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
  return file;
}
