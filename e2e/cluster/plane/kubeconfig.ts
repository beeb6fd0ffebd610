import { readFileSync, writeFileSync } from 'node:fs';
import type { Pair } from './certificates.ts';

/** Who is where, and whom they trust there: `authority` is a file. */
export interface Kubeconfig {
  readonly url: string;
  readonly user: object;
  readonly authority: string;
}

/** Writes it, with everything in the one file, and answers its path. */
export function writeKubeconfig(file: string, { url, user, authority }: Kubeconfig): string {
  const cluster = { server: url, 'certificate-authority-data': base64(authority) };
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

/** A user who proves it by a certificate. */
export function certified({ certificate, key }: Pair): object {
  return { 'client-certificate-data': base64(certificate), 'client-key-data': base64(key) };
}

function base64(file: string): string {
  return readFileSync(file).toString('base64');
}
