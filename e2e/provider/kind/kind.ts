import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, answerOf, Kubectl } from '../../cluster/plane/kubectl.ts';
import { clientPrograms } from '../../cluster/plane/programs.ts';
import { REPOSITORY } from '../../crdschema.ts';
import type { Provider } from '../provider.ts';
import { KindNodes } from './nodes.ts';

const CONFIG = join(REPOSITORY, 'e2e', 'kind.yaml');
const NAME = 'innermap-e2e';
const READY_MS = 60_000;

/** A program of Docker's or kind's, to its end. A test may listen in. */
export type Run = (command: readonly string[], input?: string) => Promise<Answer>;

const runProgram: Run = ([program = '', ...words], input = '') =>
  answerOf(program, words, { environment: process.env, input, patience: 600_000 });

/** A cluster of kind's, on the Docker of this machine; it takes a minute. An older one of the same name goes first. */
export async function startKind(run: Run = runProgram): Promise<Provider> {
  const directory = mkdtempSync(join(tmpdir(), 'innermap-kind-'));
  const kubeconfig = join(directory, 'admin.kubeconfig');
  const kind = (...words: readonly string[]) => must(run, ['kind', ...words, '--name', NAME]);
  await kind('delete', 'cluster');
  await kind('create', 'cluster', '--config', CONFIG, '--kubeconfig', kubeconfig, '--wait', '120s');
  const names = (await kind('get', 'nodes')).trim().split('\n').sort();
  const nodes = new KindNodes(command => must(run, command), names);
  await Promise.all(names.map(node => nodes.mountBpffs(node)));
  const kubectl = new Kubectl((await clientPrograms()).kubectl, { kubeconfig, directory });
  return {
    name: 'kind',
    kubeconfig,
    kubectl,
    nodes: names,
    workers: nodes.workers,
    load: async archive => void (await kind('load', 'image-archive', archive)),
    run: (node, command, input) => run(['docker', 'exec', '-i', node, ...command], input),
    stopNode: node => nodes.stop(node),
    startNode: node => nodes.start(node),
    cutNode: (node, isCut) => nodes.cut(node, isCut),
    killKubelet: node => nodes.killKubelet(node),
    stopServer: () => nodes.stopServer(),
    startServer: async () => {
      await nodes.startServer();
      await serverReady(kubectl);
    },
    logs: () => nodes.logs(),
    down: async () => {
      await kind('delete', 'cluster');
      rmSync(directory, { recursive: true });
    },
  };
}

async function serverReady(kubectl: Kubectl): Promise<void> {
  const end = performance.now() + READY_MS;
  while ((await kubectl.run(['get', '--raw', '/readyz'])).code !== 0) {
    if (performance.now() > end) throw new Error(`The API server is not ready after ${READY_MS / 1000} s`);
    await sleep(500);
  }
}

async function must(run: Run, command: readonly string[]): Promise<string> {
  const { code, out, error } = await run(command);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}: ${error}${out}`);
  return out;
}
