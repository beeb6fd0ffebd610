import { setTimeout as sleep } from 'node:timers/promises';
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
  const path = `/api/v1/namespaces/${SYSTEM}/pods/${metadata.name}:9940/proxy/metrics`;
  const text = await scraped(kubectl, path);
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const lines = text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
  const fitting = lines.filter(line => wanted.every(label => line.includes(label)));
  return fitting.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const TRIES = 5;
const AGAIN_MS = 2_000;

/** A scrape through a busy API server can be cut off; the next one counts, as for a Prometheus. */
async function scraped(kubectl: Kubectl, path: string): Promise<string> {
  for (let tries = 1; tries < TRIES; tries += 1) {
    const { code, out } = await kubectl.run(['get', '--raw', path]);
    if (code === 0) return out;
    await sleep(AGAIN_MS);
  }
  return kubectl.must(['get', '--raw', path]);
}
