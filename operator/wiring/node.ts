import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { NodeOptions } from '../cli/command.ts';
import type { Node } from '../core/desired/desired.ts';

/** The node by options and this machine. In a cluster the labels of its Node object replace these. */
export function nodeOf(options: NodeOptions): Node & { readonly bootID: string } {
  const name = options.node ?? hostname();
  const bootID = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return { name, labels: { 'kubernetes.io/hostname': name, ...options.labels }, bootID };
}
