import { CountedRoom } from '../../../core/bytes/contentroom.ts';
import { type FileText, readFileText, type UnavailableText, type WrittenFile } from '../disk/scan.ts';
import { type CountedReadOptions, type FileReading, type ReadOptions, readManifests } from '../manifests.ts';
import { withFirst } from '../text/documents.ts';

/** The result of reading one file. */
export type FileResult = { readonly path: string } & (UnavailableText | ReadText);

interface ReadText extends WrittenFile {
  readonly kind: 'read';
  readonly reading: FileReading;
  readonly characters: number;
  /** Whether the text ends where a file that is being written hardly ends. */
  readonly ended: boolean;
}

/**
 * Reads, parses and encodes files one after the other. Files that declare OuterMaps come first, so that the contents of the
 * others can be encoded and released at once.
 */
export function* readFiles(paths: readonly string[], options: ReadOptions): Generator<FileResult> {
  const layouts = new Map(options.layouts);
  const room = options.room && new CountedRoom(options.room);
  for (const path of withFirst(paths, mentionsOuterMap)) {
    const result = resultOf(path, readFileText(path), { ...options, layouts, room });
    const outerMaps = result.kind === 'read' ? result.reading.outerMaps : [];
    for (const { outerMap, layout } of outerMaps)
      if (options.prefer === 'own' || !layouts.has(outerMap.metadata.name))
        layouts.set(outerMap.metadata.name, layout);
    yield result;
  }
}

function mentionsOuterMap(path: string): boolean {
  const file = readFileText(path);
  return file.kind === 'text' && file.text.includes('OuterMap');
}

/** Returns an exception as a result: the other files are still read. */
function resultOf(path: string, file: FileText, options: CountedReadOptions): FileResult {
  if (file.kind !== 'text') return { path, ...file };
  const { text, ...written } = file;
  try {
    const reading = readManifests(text, path, options);
    return { ...written, kind: 'read', path, reading, characters: text.length, ended: hasEnd(text) };
  } catch (error) {
    const message = `Cannot read: ${(error as Error).message}: please report this with the file`;
    return { kind: 'unreadable', path, message, signature: written.signature };
  }
}

/** A line end, or the brace of a JSON object, which could not have been parsed without it. */
function hasEnd(text: string): boolean {
  return (
    text === '' || text.endsWith('\n') || (text.trimStart().startsWith('{') && text.trimEnd().endsWith('}'))
  );
}
