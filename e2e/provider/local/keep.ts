/** `npm run cluster`: the local cluster, until somebody ends it: Ctrl-C, or SIGTERM. */
import { once } from 'node:events';
import { dirname } from 'node:path';
import { clientPrograms } from '../../cluster/plane/programs.ts';
import { becomes, mustAnswer } from '../../must.ts';
import { ClusterFixture } from '../../scenarios/support/clusterfixture.ts';
import { startLocal } from './local.ts';

const WORKERS = ['worker-1', 'worker-2'];
const USAGE = `npm run cluster [-- --operator]
  a control plane and the nodes ${WORKERS.join(' and ')}, until Ctrl-C
  --operator  the image is on them, and the chart installed`;

process.exitCode = await keep(process.argv.slice(2));

async function keep(words: readonly string[]): Promise<number> {
  const [word, ...others] = words;
  if (others.length > 0 || (word !== undefined && word !== '--operator')) {
    console.error(USAGE);
    return 2;
  }
  const asked = endAsked();
  const cluster = await startLocal(WORKERS);
  try {
    const { kubectl } = await clientPrograms();
    if (word === '--operator') await ClusterFixture.on(cluster, []);
    for (const node of cluster.nodes)
      await mustAnswer(`${node} is Ready`, () => becomes(cluster.kubectl, `node/${node}`), {
        expected: Boolean,
      });
    console.log(`export KUBECONFIG=${cluster.kubeconfig}`);
    console.log(`export PATH=${dirname(kubectl)}:$PATH`);
    console.log(`# ${cluster.nodes.join(', ')}: until Ctrl-C`);
    await asked;
  } finally {
    await cluster.down();
  }
  return 0;
}

/** A second signal while the cluster goes changes nothing: nothing of it may stay. */
function endAsked(): Promise<unknown> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, () => {});
  return Promise.race(signals.map(signal => once(process, signal)));
}
