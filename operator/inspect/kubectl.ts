import { spawn } from 'node:child_process';

/** Runs kubectl on this terminal, with its output and its end as they are. */
export function runKubectl(words: readonly string[]): Promise<number> {
  const child = spawn('kubectl', words, { stdio: 'inherit' });
  // Ctrl-C reaches both: kubectl ends first, and its exit code is ours.
  const wait = (): void => {};
  process.on('SIGINT', wait);
  return new Promise<number>((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => reject(new Error(missing(error))));
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === 'SIGINT' ? 2 : 15)));
  }).finally(() => process.off('SIGINT', wait));
}

function missing({ code = 'Error', message }: NodeJS.ErrnoException): string {
  const why =
    code === 'ENOENT'
      ? 'there is none on PATH; install it (https://kubernetes.io/docs/tasks/tools)'
      : message;
  return `Cannot run kubectl: ${why}`;
}
