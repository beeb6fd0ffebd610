import { promises } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Report } from '../core/report/report.ts';
import type { Publisher } from './publish.ts';

/**
 * Writes the report as JSON, for `innermap status` and other readers: atomically, and only when it has news. A failure
 * is reported once until a report can be written again, and fails no turn.
 */
export function filePublisher(path: string, failed: (error: Error) => void = () => {}): Publisher {
  let written: string | undefined;
  let failing = false;
  let busy: Promise<void> = Promise.resolve();
  const write = async (report: Report): Promise<void> => {
    const content = contentOf(report);
    if (content === written) return;
    try {
      await replaceFile(path, `${JSON.stringify(report)}\n`);
      written = content;
      failing = false;
    } catch (error) {
      if (!failing) failed(writeError(path, error));
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

/** The report without times: a turn that found no change has no news. */
function contentOf(report: Report): string {
  const { turn: _, state, ...rest } = report;
  const { lastCheck: __, ...drift } = state.drift;
  return JSON.stringify({ ...rest, state: { ...state, drift } });
}

/** Writes a file of this process beside it and renames that: a rename is atomic within a directory. */
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

function writeError(path: string, error: unknown): Error {
  const { message } = error as Error;
  return new Error(`Cannot write report ${path}: ${message}; name another file with --report`, {
    cause: error,
  });
}
