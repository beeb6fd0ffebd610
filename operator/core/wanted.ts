import type { InnerMap } from '../api/innermap.ts';
import type { OuterMap } from '../api/outermap.ts';
import type { Reason } from '../api/reason.ts';
import type { Entries } from './entries.ts';

/** Contents encoded by the outer map's template, or their problem. */
export type Content =
  | { readonly kind: 'encoded'; readonly entries: Entries; readonly layoutDigest: string }
  | {
      readonly kind: 'invalid';
      readonly reason: Reason;
      readonly message: string;
      /** The first problems, with their places; absent where a place is not known. */
      readonly details?: readonly ManifestProblem[];
      /** The number of problems that are not listed. */
      readonly unlisted?: number;
      /** Bytes for which there was no room. */
      readonly needs?: number;
    }
  /** The outer map was not known when the manifest arrived. */
  | { readonly kind: 'pending' };

/** Bytes of memory that it keeps. */
export function contentBytes(content: Content): number {
  return content.kind === 'encoded' ? content.entries.keys.length + content.entries.values.length : 0;
}

/** An InnerMap with its contents in bytes. Immutable: a change is a new object. */
export interface WantedInner {
  readonly innerMap: InnerMap;
  readonly content: Content;
  /** Where it was declared, for messages: `rules/web.yaml:12`; absent in a cluster. */
  readonly origin?: string;
}

/** How far one outer map's InnerMaps were read, as resourceVersions. */
export interface Watermark {
  /** Everything up to here is among the wanted objects. */
  readonly seen: string;
  /** A status, or the author of the last change, waits until everything up to here is reported as programmed. */
  readonly awaited: string;
}

/** The node as its cluster knows it. */
export interface ClusterNode {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The problem of a manifest, as reported to its author. */
export interface ManifestProblem {
  readonly origin: string;
  readonly message: string;
}

/** All wanted objects at one moment. */
export interface Wanted {
  readonly outerMaps: readonly OuterMap[];
  readonly innerMaps: readonly WantedInner[];
  /** False until every file has been parsed once (every informer synced): nothing may be removed before. */
  readonly complete: boolean;
  /** Files, never good since the start, that may declare what an earlier run programmed: the set is not complete with them. */
  readonly hiding?: readonly string[];
  /** Manifests that cannot be taken now. Their last good objects are still among those above. */
  readonly refusals: readonly ManifestProblem[];
  /** Tokens given to release held removals. */
  readonly releases: readonly string[];
  /** Outer maps of which nothing may be removed now: not read whole yet, or during a wave of deletions. */
  readonly unsettled?: ReadonlySet<string>;
  /** Declared OuterMaps that cannot be read now. Their last good objects, if any, are among those above. */
  readonly unreadable?: ReadonlySet<string>;
  /** OuterMaps that are declared with errors and have no last good object; absent where none are. */
  readonly faulty?: ReadonlySet<string>;
  /** By outer map; absent without a cluster. */
  readonly watermarks?: ReadonlyMap<string, Watermark>;
  /** Sets of different epochs may have different histories: etcd may have been restored in between. */
  readonly epoch?: number;
  /** Absent without a cluster: the agent's own configuration counts. */
  readonly node?: ClusterNode;
}

/** Whether two sets want the same on the same node. Only the watermarks may differ. */
export function asksTheSame(a: Wanted, b: Wanted): boolean {
  return a.outerMaps === b.outerMaps && a.innerMaps === b.innerMaps && a.node === b.node;
}
