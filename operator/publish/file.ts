import { promises } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Report } from '../core/report/report.ts';
import type { Publisher } from './publish.ts';

/**
 * Writes the report as JSON, for `innermap status` and whoever else reads it: whole or not at all (written beside, then renamed),
 * and only when it says something new. A report that cannot be written is told once, until it can be again; it never fails a turn.
 */
export function filePublisher(path: string, failed: (error: Error) => void = () => {}): Publisher {
  let written: string | undefined;
  let failing = false;
  let busy: Promise<void> = Promise.resolve();
  const write = async (report: Report): Promise<void> => {
    const said = contentOf(report);
    if (said === written) return;
    try {
      await replaceFile(path, `${JSON.stringify(report)}\n`);
      written = said;
      failing = false;
    } catch (error) {
      if (!failing) failed(explained(path, error));
      failing = true;
    }
  };
  return {
    publish(report) {
      busy = busy.then(() => write(report));
      return busy;
    },
  };
}

/** What a report says apart from when: a turn that found everything as it was is no news. */
function contentOf(report: Report): string {
  const { turn: _, state, ...rest } = report;
  const { lastCheck: __, ...drift } = state.drift;
  return JSON.stringify({ ...rest, state: { ...state, drift } });
}

/** In the same directory, or the rename would not be atomic; the name is this process's own. */
async function replaceFile(path: string, text: string): Promise<void> {
  const directory = dirname(path);
  const beside = join(directory, `.${basename(path)}.${process.pid}`);
  await promises.mkdir(directory, { recursive: true });
  try {
    await promises.writeFile(beside, text, { mode: 0o644 });
    await promises.chmod(beside, 0o644);
    await promises.rename(beside, path);
  } catch (error) {
    await promises.rm(beside, { force: true }).catch(() => {});
    throw error;
  }
}

function explained(path: string, error: unknown): Error {
  const { message } = error as Error;
  return new Error(`Cannot write report ${path}: ${message}; name another file with --report`, {
    cause: error,
  });
}
