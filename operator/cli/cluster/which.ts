import { present } from '../../api/parse/section.ts';
import { type Given, type Terminal, UsageError } from '../command.ts';
import type { ClusterAddress } from './ports.ts';

/** How to name a cluster, for messages. */
export const NAME_A_CLUSTER = 'add --kubeconfig FILE or --context NAME, or call it as kubectl innermap';

/**
 * The cluster that is meant; nothing where this machine is. `kubectl innermap` means kubectl's cluster; `innermap` means
 * one that the user names, and ignores KUBECONFIG. `local` are options for this machine.
 */
export function clusterMeant(
  given: Given,
  terminal: Terminal,
  local: readonly string[] = [],
): ClusterAddress | undefined {
  const named = present({ kubeconfig: given.text('kubeconfig'), context: given.text('context') });
  if (named.kubeconfig === '' || named.context === '')
    throw new UsageError(
      'Options --kubeconfig and --context cannot be empty: name a file, or a context of it',
    );
  const isNamed = Object.keys(named).length > 0;
  const here = local.find(option => given.list(option).length > 0);
  if (isNamed && here !== undefined)
    throw new UsageError(
      `Option --${here} is for this machine, --kubeconfig and --context for a cluster: give one`,
    );
  if (here !== undefined || !(isNamed || terminal.program.startsWith('kubectl'))) return undefined;
  return { ...named, files: named.kubeconfig === undefined ? kubectlFiles(terminal) : [named.kubeconfig] };
}

/** Without a cluster, options for one would have no effect. */
export function refuseClusterOptions(given: Given, command: string, ...options: readonly string[]): void {
  const useless = options.find(option => given.switched(option));
  if (useless !== undefined)
    throw new UsageError(`Option --${useless} is for a cluster: ${NAME_A_CLUSTER}`, command);
}

/** Where kubectl looks. */
function kubectlFiles({ env }: Terminal): readonly string[] {
  const listed = (env['KUBECONFIG'] ?? '').split(':').filter(path => path !== '');
  if (listed.length > 0) return listed;
  const home = env['HOME'] ?? '';
  if (home !== '') return [`${home}/.kube/config`];
  throw new Error('Cannot find a cluster: neither KUBECONFIG nor HOME is set; name a file by --kubeconfig');
}

/** The options that make kubectl use the same cluster. */
export function kubectlOptions({ kubeconfig, context }: ClusterAddress): readonly string[] {
  return Object.entries(present({ kubeconfig, context })).flatMap(([name, value]) => [`--${name}`, value]);
}
