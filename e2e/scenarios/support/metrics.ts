import type { Kubectl } from '../../cluster/plane/kubectl.ts';
import { agentOn } from './agents.ts';
import { SYSTEM } from './logs.ts';

/** The sum of a metric of a node's agent over all of its series whose labels include these. */
export async function metricOf(
  kubectl: Kubectl,
  node: string,
  { name, labels = {} }: { readonly name: string; readonly labels?: Readonly<Record<string, string>> },
): Promise<number> {
  const { metadata } = await agentOn(kubectl, node);
  const text = await kubectl.must([
    'get',
    '--raw',
    `/api/v1/namespaces/${SYSTEM}/pods/${metadata.name}:9940/proxy/metrics`,
  ]);
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const fitting = lines.filter(line => wanted.every(label => line.includes(label)));
  return fitting.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
