import { dirname } from 'node:path';
import { childEnvironment, INNERMAP } from '../../agent/support/process.ts';
import { type Answer, answerOf } from '../../cluster/plane/kubectl.ts';
import { clientPrograms } from '../../cluster/plane/programs.ts';
import type { ClusterFixture } from './clusterfixture.ts';

/** `kubectl innermap WORDS…` of whoever installed the chart. */
export async function innermap({ provider }: ClusterFixture, words: readonly string[]): Promise<Answer> {
  const { kubectl } = await clientPrograms();
  const own = childEnvironment();
  const environment = { ...own, PATH: `${dirname(kubectl)}:${own['PATH']}` };
  const all = [INNERMAP, ...words, '--kubeconfig', provider.kubeconfig];
  return answerOf(process.execPath, all, { environment });
}
