import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { childEnvironment } from '../agent/support/process.ts';
import { whatIsMissing as missingOfControlPlane } from '../cluster/plane/programs.ts';
import { startKind } from './kind/kind.ts';
import { startLocal } from './local/local.ts';
import type { Provider } from './provider.ts';

/** One that can be started here, or why none can. */
export type Choice =
  | { readonly kind: 'found'; readonly name: string; start(): Promise<Provider> }
  | { readonly kind: 'missing'; readonly why: string };

const WORKERS = ['worker-1', 'worker-2'];
const STARTS: Readonly<Record<string, () => Promise<Provider>>> = {
  kind: () => startKind(),
  local: () => startLocal(WORKERS),
};
/** What a local node is made of, and the Debian package that brings it. */
const PROGRAMS = {
  containerd: 'containerd',
  runc: 'runc',
  nft: 'nftables',
  conntrack: 'conntrack',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
};
const PLUGINS = '/usr/lib/cni';

/** Looking takes a dozen processes, and every scenario's file asks. */
const CHOICES = new Map<string, Choice>();

/** `requested`: kind or local; where it is empty, kind where Docker runs, else local. */
export function chosenProvider(requested = process.env['E2E_PROVIDER'] ?? ''): Choice {
  const choice = CHOICES.get(requested) ?? lookFor(requested);
  CHOICES.set(requested, choice);
  return choice;
}

function lookFor(requested: string): Choice {
  const why = { kind: missingOfKind, local: missingOfLocal };
  const names = requested === '' ? (['kind', 'local'] as const) : [requested as keyof typeof why];
  const reasons: string[] = [];
  for (const name of names) {
    if (why[name] === undefined)
      return { kind: 'missing', why: `there is no provider ${name}: kind or local` };
    const missing = why[name]();
    if (missing === undefined) return { kind: 'found', name, start: STARTS[name]! };
    reasons.push(`${name}: ${missing}`);
  }
  return { kind: 'missing', why: reasons.join('; ') };
}

function missingOfKind(): string | undefined {
  if (!isThere('kind', 'version')) return 'kind is missing (https://kind.sigs.k8s.io)';
  return isThere('docker', 'info') ? undefined : 'no Docker daemon answers';
}

function missingOfLocal(): string | undefined {
  if (process.getuid?.() !== 0) return 'nodes are namespaces of this machine, which needs root';
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isThere('which', program));
  if (!existsSync(PLUGINS)) missing.push([PLUGINS, 'containernetworking-plugins']);
  if (missing.length === 0) return missingOfControlPlane();
  const packages = [...new Set(missing.map(([, name]) => name))].join(' ');
  return `${missing.map(([program]) => program).join(', ')} missing (Debian: apt-get install ${packages})`;
}

function isThere(program: string, ...words: readonly string[]): boolean {
  return spawnSync(program, words, { env: childEnvironment(), stdio: 'ignore' }).status === 0;
}
