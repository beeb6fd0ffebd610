import { openForWriting } from '../kernel/libbpf/fd/writers.ts';
import { openLibrary } from '../kernel/libbpf/library.ts';
import { contentRoom } from '../kernel/libbpf/memory/contentroom.ts';
import { filePublisher } from '../publish/file.ts';
import { folderSource } from '../source/folder/folder.ts';
import type { AgentAdapters, AgentStart } from './agent.ts';

/** One turn alone: what is being written when it starts should count in it. */
const PATIENCE_MS = 5_000;
/** And there is no second one that would take what was not read yet. */
const LONGEST_MS = 600_000;

/** Reads the manifests of a folder, and publishes into a file. */
export function folderAdapters(
  { options, log, once = false }: AgentStart,
  possibleCpus: number,
): AgentAdapters {
  const { report, manifests, releases } = options;
  const publisher = filePublisher(report, error =>
    log.warn('Cannot write the report', { file: report, error: error.message }),
  );
  const source = folderSource({
    paths: manifests,
    possibleCpus,
    room: contentRoom('agent'),
    releases,
    isOpenForWriting: path => openForWriting(openLibrary(), path),
    ...(once ? { patienceMs: PATIENCE_MS, longestMs: LONGEST_MS } : {}),
    unwatched: (directory, error) =>
      log.warn('Cannot watch a directory, its changes are seen at a resync only', {
        directory,
        error: error.message,
      }),
  });
  return { publisher, source, close: () => source.close() };
}
