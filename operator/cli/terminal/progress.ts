import type { Progressed, Terminal } from '../command.ts';

export interface ProgressLine {
  readonly update: Progressed;
  /** Takes the line away; what follows starts at the left margin. */
  end(): void;
}

/** Work that ends sooner shows no line at all. */
const PATIENCE_MS = 300;
const INTERVAL_MS = 100;

/** `Reading manifests 120/250` on stderr, rewritten in place; nothing where that is no terminal. */
export function progressLine(terminal: Terminal, label: string): ProgressLine {
  const started = terminal.now();
  let written = Number.NEGATIVE_INFINITY;
  return {
    update(done, total) {
      const now = terminal.now();
      if (!terminal.errorIsTerminal || now - started < PATIENCE_MS || now - written < INTERVAL_MS) return;
      written = now;
      terminal.error(`\r\x1b[K${label} ${total === 0 ? done : `${done}/${total}`}`);
    },
    end() {
      if (written !== Number.NEGATIVE_INFINITY) terminal.error('\r\x1b[K');
      written = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Runs `work` with a progress line that is gone afterwards, whatever becomes of it. */
export async function withProgress<T>(
  terminal: Terminal,
  label: string,
  work: (update: Progressed) => Promise<T>,
): Promise<T> {
  const progress = progressLine(terminal, label);
  try {
    return await work(progress.update);
  } finally {
    progress.end();
  }
}
