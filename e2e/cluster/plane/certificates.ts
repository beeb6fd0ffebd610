import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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
export function makeCertificates(directory: string, address = '127.0.0.1'): Certificates {
  const authority = issue(directory, 'authority', ['-subj', '/CN=innermap-test']);
  const names = `IP:127.0.0.1,IP:${address},IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc`;
  return {
    authority: authority.certificate,
    server: serverCertificate(authority, 'server', names),
    admin: clientCertificate(authority, 'admin', '/O=system:masters/CN=admin'),
    tokenKey: makeTokenKey(directory),
  };
}

/** The authority that makeCertificates made. */
export function authorityOf({ authority }: Certificates): Pair {
  return { certificate: authority, key: authority.replace(/crt$/, 'key') };
}

/** Proves to the API server who a client is: the subject, such as `/O=system:nodes/CN=system:node:a`. It lies beside the authority. */
export function clientCertificate(authority: Pair, name: string, subject: string): Pair {
  return signed(authority, name, ['-subj', subject, '-addext', 'extendedKeyUsage=clientAuth']);
}

/** Proves that a server is at one of these places: `IP:127.0.0.1,DNS:localhost`. */
export function serverCertificate(authority: Pair, name: string, places: string): Pair {
  const extensions = [`subjectAltName=${places}`, 'extendedKeyUsage=serverAuth'];
  return signed(authority, name, ['-subj', `/CN=${name}`, ...extensions.flatMap(text => ['-addext', text])]);
}

function signed(authority: Pair, name: string, words: readonly string[]): Pair {
  const by = ['-CA', authority.certificate, '-CAkey', authority.key];
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  return issue(dirname(authority.certificate), name, [...by, ...leaf, ...words]);
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
