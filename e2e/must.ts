import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from '../operator/testing/patience.ts';
import type { Answer, Kubectl } from './cluster/plane/kubectl.ts';

const PATIENCE_SECONDS = PATIENCE_MS / 1000;
const LOOK_AGAIN_MS = 50;

/** An object in a command line of kubectl: `im/team-a.web` is of namespace team-a, `om/tenants` of none. */
function wordsOf(what: string): readonly string[] {
  const [kind, rest = ''] = what.split('/');
  const at = rest.indexOf('.');
  return at < 0 ? [what] : [`${kind}/${rest.slice(at + 1)}`, '-n', rest.slice(0, at)];
}

/** `kubectl wait`: whether the condition came true in time. */
export async function becomes(
  kubectl: Kubectl,
  what: string,
  { condition = 'Ready', seconds = PATIENCE_SECONDS } = {},
): Promise<boolean> {
  const words = ['wait', `--for=condition=${condition}`, `--timeout=${seconds}s`, ...wordsOf(what)];
  return (await kubectl.run(words)).code === 0;
}

/** Asks until the answer is as expected. */
export async function mustAnswer<T>(
  what: string,
  ask: () => Promise<T>,
  {
    expected,
    seconds = PATIENCE_SECONDS,
  }: { readonly expected: (answer: T) => boolean; readonly seconds?: number },
): Promise<T> {
  for (const end = performance.now() + seconds * 1000; ; await sleep(LOOK_AGAIN_MS)) {
    const answer = await ask();
    if (expected(answer)) return answer;
    if (performance.now() > end)
      throw new Error(`Waited ${seconds} s in vain until ${what}: ${JSON.stringify(answer)}`);
  }
}

/** An object as JSON; nothing where there is none. */
export async function objectAt<T>(kubectl: Kubectl, what: string): Promise<T | undefined> {
  const { code, out }: Answer = await kubectl.run(['get', ...wordsOf(what), '-o', 'json']);
  return code === 0 ? (JSON.parse(out) as T) : undefined;
}
