import type { Kubectl } from '../../cluster/plane/kubectl.ts';

/** Where the chart is installed. */
export const SYSTEM = 'innermap-system';

/** What agents and controller said last. */
export async function logsOf(kubectl: Kubectl): Promise<string> {
  const words = [
    '--prefix',
    '--tail=15',
    '--all-containers',
    '--ignore-errors',
    '-l',
    'app.kubernetes.io/name=innermap-operator',
  ];
  const pods = await kubectl.run(['get', 'pods', '-A', '-o', 'wide']);
  const logs = await kubectl.run(['logs', '-n', SYSTEM, ...words]);
  const events = await kubectl.run([
    'get',
    'events',
    '-A',
    '--field-selector',
    'type=Warning,reason!=MissingClusterDNS',
  ]);
  return [pods, logs, events].map(({ out, error }) => out + error).join('\n');
}
