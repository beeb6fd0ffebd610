import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Terminal } from '../command.ts';

/** The terminal of this process. A reader that goes away (`innermap get | head`) ends it in silence. */
export function standardTerminal(version: string): Terminal {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  return {
    program: programName(process.argv[1] ?? ''),
    version,
    outIsTerminal: process.stdout.isTTY === true,
    errorIsTerminal: process.stderr.isTTY === true,
    env: process.env,
    out: text => void process.stdout.write(text),
    error: text => void process.stderr.write(text),
    ask,
    now: () => Date.now(),
  };
}

/** kubectl runs its plugins by their file's name: what the user typed is `kubectl innermap`. */
export function programName(path: string): string {
  return basename(path).startsWith('kubectl-') ? 'kubectl innermap' : 'innermap';
}

/** On stderr: the output may go to a file. */
function ask(question: string): Promise<string> {
  const input = createInterface({ input: process.stdin, output: process.stderr });
  return new Promise(answered => {
    input.once('close', () => answered(''));
    input.question(question, answer => {
      answered(answer);
      input.close();
    });
  });
}
