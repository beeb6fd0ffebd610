import { parseManifest } from '../api/parse/manifest.ts';
import { isObject } from '../api/parse/section.ts';
import { listManifests, plainPaths, readFileText } from '../source/folder/scan.ts';
import { documentsOf } from '../source/folder/text/documents.ts';

/** An object as its author wrote it. */
export interface WrittenObject {
  /** `maps/web.yaml:12` */
  readonly origin: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly kind: 'OuterMap' | 'InnerMap';
  /** As written; nothing where it names none. */
  readonly namespace: string | undefined;
}

/** Every readable object of ours in these files, in their order; what is wrong with others the loader tells. */
export async function* writtenObjects(paths: readonly string[]): AsyncGenerator<WrittenObject> {
  const { files } = await listManifests(plainPaths(paths));
  for (const path of files.keys()) {
    const file = readFileText(path);
    if (file.kind !== 'text') continue;
    for (const item of documentsOf(file.text)) {
      if (item.kind !== 'document' || !isObject(item.value)) continue;
      const parsed = parseManifest(item.value);
      if (!parsed.ok) continue;
      const { metadata } = item.value as { readonly metadata?: { readonly namespace?: string } };
      const origin = `${path}:${item.line}`;
      yield { origin, value: item.value, kind: parsed.value.kind, namespace: metadata?.namespace };
    }
  }
}
