import type { InnerMap } from '../api/innermap.ts';
import type { OuterMap } from '../api/outermap.ts';
import type { Reason } from '../api/reason.ts';
import type { Entries } from './entries.ts';

/** Contents as encoded by the outer map's template, or why they could not be. */
export type Content =
  | { readonly kind: 'encoded'; readonly entries: Entries; readonly layoutDigest: string }
  | {
      readonly kind: 'invalid';
      readonly reason: Reason;
      readonly message: string;
      /** The first problems one by one, with their places; absent where a place is not known. */
      readonly details?: readonly ManifestProblem[];
      /** Problems that are counted and not listed. */
      readonly unlisted?: number;
    }
  /** The outer map was not known when the manifest arrived. */
  | { readonly kind: 'pending' };

/** An InnerMap with its contents in bytes. Immutable: a change is a new object. */
export interface WantedInner {
  readonly innerMap: InnerMap;
  readonly content: Content;
  /** Where it was declared, for messages: `rules/web.yaml:12`; absent in a cluster. */
  readonly origin?: string;
}

/** How much of one outer map's InnerMaps is among what is wanted, as resourceVersions. */
export interface Watermark {
  /** Everything up to here. */
  readonly seen: string;
  /** Somebody waits until it is told that everything up to here is programmed: who made the last change, or a status. */
  readonly awaited: string;
}

/** The node as its cluster knows it. */
export interface ClusterNode {
  readonly uid: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** A manifest that cannot be taken, as told to its author. */
export interface ManifestProblem {
  readonly origin: string;
  readonly message: string;
}

/** Everything that is wanted, at one moment. */
export interface Wanted {
  readonly outerMaps: readonly OuterMap[];
  readonly innerMaps: readonly WantedInner[];
  /** False until every file has been parsed once (every informer synced): nothing may be removed before. */
  readonly complete: boolean;
  /** What does not parse at present; what it declared before is still among the objects above. */
  readonly refusals: readonly ManifestProblem[];
  /** Tokens given to release held removals. */
  readonly releases: readonly string[];
  /** Outer maps of which nothing may be removed now: not read whole yet, or in the middle of a wave of deletions. */
  readonly unsettled?: ReadonlySet<string>;
  /** Declared OuterMaps that cannot be read now: what they declared before, if anything, is among the objects above. */
  readonly unreadable?: ReadonlySet<string>;
  /** By outer map; absent without a cluster. */
  readonly watermarks?: ReadonlyMap<string, Watermark>;
  /** Sets of different epochs may be of different histories: an etcd may have been restored in between. */
  readonly epoch?: number;
  /** Absent without a cluster: the agent's own word counts. */
  readonly node?: ClusterNode;
}

/** Whether two sets ask for the same on the same node: only how far they were read may differ. */
export function asksTheSame(a: Wanted, b: Wanted): boolean {
  return a.outerMaps === b.outerMaps && a.innerMaps === b.innerMaps && a.node === b.node;
}
