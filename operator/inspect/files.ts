import { type Manifest, parseManifest } from '../api/parse/manifest.ts';
import { isObject } from '../api/parse/section.ts';
import { listManifests, plainPaths, readFileText } from '../source/folder/disk/scan.ts';
import { documentsOf } from '../source/folder/text/documents.ts';

/** An object as its author wrote it. */
export interface WrittenObject {
  /** `maps/web.yaml:12` */
  readonly origin: string;
  readonly value: Readonly<Record<string, unknown>>;
  readonly manifest: Manifest;
  /** As written; absent where it names none. */
  readonly namespace: string | undefined;
}

/** Every OuterMap and InnerMap of these files that can be read, in their order; the loader reports the others. */
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
      yield { origin, value: item.value, manifest: parsed.value, namespace: metadata?.namespace };
    }
  }
}
