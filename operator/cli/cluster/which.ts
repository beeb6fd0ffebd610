import { type Given, type Terminal, UsageError } from '../command.ts';
import type { ClusterAddress } from './ports.ts';

/** How to name a cluster, for messages. */
export const NAME_A_CLUSTER = 'add --kubeconfig FILE or --context NAME, or call it as kubectl innermap';

/**
 * The cluster that is meant; nothing where this machine is. `kubectl innermap` means kubectl's cluster; `innermap` one
 * that was named, since nobody's KUBECONFIG is taken unasked. `local` are options that speak of this machine.
 */
export function clusterMeant(
  given: Given,
  terminal: Terminal,
  local: readonly string[] = [],
): ClusterAddress | undefined {
  const { kubeconfig, context } = named(given);
  const isNamed = kubeconfig !== undefined || context !== undefined;
  const here = local.find(option => given.list(option).length > 0);
  if (isNamed && here !== undefined)
    throw new UsageError(
      `Option --${here} is for this machine, --kubeconfig and --context for a cluster: give one`,
    );
  if (here !== undefined || !(isNamed || isPlugin(terminal))) return undefined;
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    files: kubeconfig === undefined ? kubectlFiles(terminal) : [kubeconfig],
    ...(context === undefined ? {} : { context }),
  };
}

/** Without a cluster, options that speak of one would be passed over in silence. */
export function refuseClusterOptions(given: Given, command: string, ...options: readonly string[]): void {
  const told = options.find(option => given.switched(option));
  if (told !== undefined)
    throw new UsageError(`Option --${told} is for a cluster: ${NAME_A_CLUSTER}`, command);
}

function isPlugin({ program }: Terminal): boolean {
  return program.startsWith('kubectl');
}

function named(given: Given): { readonly kubeconfig?: string; readonly context?: string } {
  const [kubeconfig, context] = [given.text('kubeconfig'), given.text('context')];
  if (kubeconfig === '' || context === '')
    throw new UsageError(
      'Options --kubeconfig and --context cannot be empty: name a file, or a context of it',
    );
  return {
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
  };
}

/** Where kubectl looks. */
function kubectlFiles({ env }: Terminal): readonly string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(':').filter(path => path !== '');
  if (listed.length > 0) return listed;
  const home = env['HOME'] ?? '';
  if (home !== '') return [`${home}/.kube/config`];
  throw new Error('Cannot find a cluster: neither KUBECONFIG nor HOME is set; name a file by --kubeconfig');
}

/** What tells kubectl to go to the same cluster. */
export function kubectlOptions({ kubeconfig, context }: ClusterAddress): readonly string[] {
  return [
    ...(kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig]),
    ...(context === undefined ? [] : ['--context', context]),
  ];
}
