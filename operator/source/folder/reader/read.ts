import { type FileReading, type ReadOptions, readManifests } from '../manifests.ts';
import { type FileText, readFileText, type Signature } from '../scan.ts';

/** What came of reading one file. */
export type FileResult =
  | {
      readonly kind: 'read';
      readonly path: string;
      readonly reading: FileReading;
      readonly signature: Signature;
      /** mtime, milliseconds since 1970. */
      readonly modified: number;
      readonly characters: number;
      /** Whether it was the same before and after. */
      readonly steady: boolean;
      /** Whether it ends where a file that is being written hardly does. */
      readonly ended: boolean;
    }
  | { readonly kind: 'missing'; readonly path: string }
  | {
      readonly kind: 'unreadable';
      readonly path: string;
      readonly message: string;
      readonly signature: Signature;
    };

/**
 * Reads, parses and encodes files one after the other. Those that declare OuterMaps come first, so that the contents of the
 * others can be encoded at once and let go.
 */
export function* readFiles(paths: readonly string[], options: ReadOptions): Generator<FileResult> {
  const layouts = new Map(options.layouts);
  for (const path of withOuterMapsFirst(paths)) {
    const result = resultOf(path, readFileText(path), { ...options, layouts });
    if (result.kind === 'read') {
      for (const { outerMap, layout } of result.reading.outerMaps) {
        if (options.prefer === 'own' || !layouts.has(outerMap.metadata.name))
          layouts.set(outerMap.metadata.name, layout);
      }
    }
    yield result;
  }
}

function withOuterMapsFirst(paths: readonly string[]): readonly string[] {
  if (paths.length < 2) return paths;
  const first = new Set(paths.filter(mentionsOuterMap));
  return [...first, ...paths.filter(path => !first.has(path))];
}

function mentionsOuterMap(path: string): boolean {
  const file = readFileText(path);
  return file.kind === 'text' && file.text.includes('OuterMap');
}

/** Whatever a file holds, the others are read. */
function resultOf(path: string, file: FileText, options: ReadOptions): FileResult {
  if (file.kind !== 'text') return { path, ...file };
  const { text, signature, modified, steady } = file;
  try {
    const reading = readManifests(text, path, options);
    return {
      kind: 'read',
      path,
      reading,
      signature,
      modified,
      characters: text.length,
      steady,
      ended: hasEnd(text),
    };
  } catch (error) {
    const message = `Cannot read: ${(error as Error).message}: please report this with the file`;
    return { kind: 'unreadable', path, message, signature };
  }
}

/** A line end, or the brace of a JSON object, which could not have been parsed without it. */
function hasEnd(text: string): boolean {
  return (
    text === '' || text.endsWith('\n') || (text.trimStart().startsWith('{') && text.trimEnd().endsWith('}'))
  );
}
