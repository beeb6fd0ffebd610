import { type Metadata, type NodeSelector, objectKey } from './metadata.ts';

/** One entry as written: scalars, lists and objects that the declared types have not decoded yet. */
export interface RawEntry {
  readonly key: unknown;
  readonly value: unknown;
}

export interface InnerMapSpec {
  /** Name of the OuterMap. */
  readonly outerMap: string;
  /** Key in the outer map: an integer, or the text form of the key's type. */
  readonly key: string | number;
  /** Absent: the template's. */
  readonly maxEntries?: number;
  readonly update?: 'Swap' | 'InPlace';
  readonly content?: 'Exact' | 'AtLeast';
  readonly sealed: boolean;
  /** What others have at its key is replaced, too, where it cannot be read, or where programs alone know what is in it. */
  readonly replaceUnreadable?: boolean;
  readonly nodeSelector?: NodeSelector;
}

/** The contents that an InnerMap declares, before its types are known. */
export interface RawContent {
  readonly entries: readonly RawEntry[];
  /** CSV: a header of field paths, then a row an entry. */
  readonly table?: string;
}

/**
 * An inner map as its owner declares it, without its contents: those are encoded on arrival and released
 * (`RawContent` lives only between parser and encoder). Namespaced.
 */
export interface InnerMap {
  readonly kind: 'InnerMap';
  readonly metadata: Metadata & { readonly namespace: string };
  readonly spec: InnerMapSpec;
}

/** An InnerMap as it arrives. */
export interface InnerMapManifest {
  readonly innerMap: InnerMap;
  readonly content: RawContent;
}

/** `team-a/web`: the name of an InnerMap in messages, logs and the conflict rule. */
export function innerMapName(innerMap: InnerMap): string {
  return objectKey(innerMap.metadata);
}
