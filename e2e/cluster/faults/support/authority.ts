import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeCertificates } from '../../plane/certificates.ts';
import type { ControlPlane } from '../../plane/controlplane.ts';

/**
 * From its next start on the API server proves itself by another authority: its file. The administrator trusts both, and
 * the server goes on to know its clients by the old one.
 */
export function anotherAuthority({ kubeconfig, certificates }: ControlPlane): string {
  const directory = join(dirname(certificates.authority), 'rotated');
  mkdirSync(directory);
  const { authority, server } = makeCertificates(directory);
  copyFileSync(server.certificate, certificates.server.certificate);
  copyFileSync(server.key, certificates.server.key);
  const both = readFileSync(certificates.authority, 'utf8') + readFileSync(authority, 'utf8');
  writeFileSync(certificates.authority, both);
  const config = JSON.parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  for (const { cluster } of config.clusters)
    cluster['certificate-authority-data'] = Buffer.from(both).toString('base64');
  writeFileSync(kubeconfig, JSON.stringify(config));
  return authority;
}

interface Kubeconfig {
  readonly clusters: readonly { readonly cluster: Record<string, string> }[];
}
