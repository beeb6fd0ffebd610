import type { Progressed, Terminal } from '../command.ts';

/** Work that ends sooner shows no line at all. */
const PATIENCE_MS = 300;
const INTERVAL_MS = 100;

/**
 * Runs `work` with a line such as `Reading manifests 120/250` on stderr, rewritten in place and removed at the end;
 * without a line where stderr is no terminal.
 */
export async function withProgress<T>(
  terminal: Terminal,
  label: string,
  work: (update: Progressed) => Promise<T>,
): Promise<T> {
  const started = terminal.now();
  let written: number | undefined;
  const update: Progressed = (done, total) => {
    const now = terminal.now();
    if (!terminal.errorIsTerminal || now - started < PATIENCE_MS) return;
    if (written !== undefined && now - written < INTERVAL_MS) return;
    written = now;
    terminal.error(`\r\x1b[K${label} ${total === 0 ? done : `${done}/${total}`}`);
  };
  try {
    return await work(update);
  } finally {
    if (written !== undefined) terminal.error('\r\x1b[K');
  }
}
