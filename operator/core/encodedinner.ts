import type { InnerMap, RawContent } from '../api/innermap.ts';
import { parseInnerMap } from '../api/parse/manifest.ts';
import { type Parsed, type Problem, problemsText, SHOWN_PROBLEMS } from '../api/problem.ts';
import type { Reason } from '../api/reason.ts';
import type { ContentRoom } from './bytes/contentroom.ts';
import { encodedSize, encodingSteps, type InvalidContent } from './codec/content.ts';
import { innerSpec, type OuterLayout } from './layout/outer.ts';
import type { Steps } from './steps.ts';
import type { Content } from './wanted.ts';

export type EncodedInner = Exclude<Content, { kind: 'invalid' }> | InvalidContent;

/** An InnerMap before its contents are read by the outer map's types. */
export interface Arrival {
  readonly innerMap: InnerMap;
  readonly content: RawContent | InvalidContent;
}

export interface EncodingOptions {
  /** Absent where the OuterMap is not known, or cannot be used. */
  readonly layout: OuterLayout | undefined;
  /** Of the target machine; absent where there is none. */
  readonly possibleCpus?: number | undefined;
  /** Contents that do not fit into it are refused before they take memory. */
  readonly room?: ContentRoom | undefined;
}

/**
 * An InnerMap from an API server. One that the CRD's schema accepted and our parser does not (an entry with a null key)
 * keeps its name and key, so that its last good contents stay and its status has the reason. Returns problems where even
 * name or key are missing.
 */
export function arrivalOf(object: unknown): Parsed<Arrival> {
  const parsed = parseInnerMap(object);
  if (parsed.ok) return parsed;
  const { spec, ...rest } = object as { readonly spec?: { readonly [field: string]: unknown } };
  const { entries: _, table: __, ...outer } = spec ?? {};
  const bare = parseInnerMap({ ...rest, spec: outer });
  if (!bare.ok) return parsed;
  const content = invalid('InvalidEntries', parsed.problems);
  return { ok: true, value: { innerMap: bare.value.innerMap, content } };
}

/** An InnerMap's contents as bytes, or their problems; in slices. */
export function* encodeInner(
  { innerMap, content }: Arrival,
  { layout, possibleCpus, room }: EncodingOptions,
): Steps<EncodedInner> {
  if ('kind' in content) return content;
  if (layout === undefined) return { kind: 'pending' };
  const spec = innerSpec(layout, innerMap);
  if (!spec.ok) return invalid(spec.reason, spec.problems);
  const { maxEntries } = spec.value;
  const encoded = yield* encodingSteps(content, layout, { maxEntries, possibleCpus, room });
  return encoded.kind === 'invalid' ? encoded : { ...encoded, layoutDigest: layout.digest };
}

/** The work of encoding, by entries and bytes of text. */
export function weightOf({ content }: Arrival): number {
  return 'kind' in content ? 0 : content.entries.length * 20 + (content.table?.length ?? 0);
}

/** The most bytes that it takes in memory until it is encoded, and then. */
export function memoryOf({ content }: Arrival, layout: OuterLayout, possibleCpus: number | undefined) {
  if ('kind' in content) return { before: 0, encoded: 0 };
  const before = content.entries.length * LISTED_ENTRY + (content.table?.length ?? 0);
  return { before, encoded: encodedSize(content, layout, possibleCpus) };
}

/** Bytes of the objects that a small entry of a list is, as measured. */
const LISTED_ENTRY = 250;

function invalid(reason: Reason, problems: readonly Problem[]): InvalidContent {
  const message = problemsText(problems, SHOWN_PROBLEMS);
  const shown = problems.slice(0, SHOWN_PROBLEMS);
  return { kind: 'invalid', reason, message, problems: shown, total: problems.length };
}
