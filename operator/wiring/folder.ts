import { filePublisher } from '../publish/file.ts';
import { folderSource } from '../source/folder/folder.ts';
import type { AgentAdapters, AgentStart } from './agent.ts';

/** Reads the manifests of a folder, and publishes into a file. */
export function folderAdapters({ options, log }: AgentStart, possibleCpus: number): AgentAdapters {
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
