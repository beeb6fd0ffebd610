import type { AgentOptions } from '../cli/command.ts';
import { filePublisher } from '../publish/file.ts';
import { folderSource } from '../source/folder/folder.ts';
import type { Log } from '../support/log.ts';
import type { AgentAdapters } from './agent.ts';

/** What is wanted stands in a folder, what is true goes into a file. */
export function folderSite(options: AgentOptions, possibleCpus: number, log: Log): AgentAdapters {
  const { report, manifests, releases } = options;
  const publisher = filePublisher(report, error =>
    log.warn('Cannot write the report', { file: report, error: error.message }),
  );
  const source = folderSource({
    paths: manifests,
    possibleCpus,
    releases,
    unwatched: (directory, error) =>
      log.warn('Cannot watch a directory, its changes are seen at a resync only', {
        directory,
        error: error.message,
      }),
  });
  return { publisher, source, close: () => source.close() };
}
