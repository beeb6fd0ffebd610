import type { InnerMap, RawContent } from '../api/innermap.ts';
import { parseInnerMap } from '../api/parse/manifest.ts';
import { listText, type Parsed, type Problem, problemText, SHOWN_PROBLEMS } from '../api/problem.ts';
import type { Reason } from '../api/reason.ts';
import type { ContentRoom } from './bytes/contentroom.ts';
import { type EncodedContent, encodedSize, encodingSteps, type InvalidContent } from './codec/content.ts';
import { contentLeft } from './desired/remainder.ts';
import { innerSpec, type OuterLayout } from './layout/outer.ts';
import type { Steps } from './steps.ts';
import type { Content } from './wanted.ts';

export type EncodedInner = Exclude<Content, { kind: 'invalid' }> | InvalidContent;

/** An InnerMap before its contents are read by the outer map's types. */
export interface Arrival {
  readonly innerMap: InnerMap;
  readonly content: RawContent;
  /** What the parser refused of the contents, which are what it left. */
  readonly refused?: readonly Problem[];
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
  const { innerMap } = bare.value;
  return { ok: true, value: { innerMap, content: contentLeft(spec ?? {}), refused: parsed.problems } };
}

/** An InnerMap's contents as bytes, or all their problems and those of its maxEntries; in slices. */
export function* encodeInner(
  { innerMap, content, refused = [] }: Arrival,
  { layout, possibleCpus, room }: EncodingOptions,
): Steps<EncodedInner> {
  if (layout === undefined)
    return refused.length === 0 ? { kind: 'pending' } : invalid('InvalidEntries', refused);
  const spec = innerSpec(layout, innerMap);
  const maxEntries = spec.ok ? spec.value.maxEntries : layout.mostEntries;
  const encoded = yield* encodingSteps(content, layout, { maxEntries, possibleCpus, room });
  if (!spec.ok) return invalid(spec.reason, [...refused, ...spec.problems], encoded);
  if (refused.length > 0) return invalid('InvalidEntries', refused, encoded);
  return encoded.kind === 'invalid' ? encoded : { ...encoded, layoutDigest: layout.digest };
}

/** The mistakes that encoding found. That there is no room is none of who wrote it. */
export function mistakesIn(
  encoded: EncodedInner | EncodedContent,
): Pick<InvalidContent, 'problems' | 'total'> {
  return encoded.kind === 'invalid' && encoded.needs === undefined ? encoded : NOTHING;
}

/** The work of encoding, by entries and bytes of text. */
export function weightOf({ content }: Arrival): number {
  return content.entries.length * 20 + (content.table?.length ?? 0);
}

/** The most bytes that it takes in memory until it is encoded, and then. */
export function memoryOf({ content }: Arrival, layout: OuterLayout, possibleCpus: number | undefined) {
  const before = content.entries.length * LISTED_ENTRY + (content.table?.length ?? 0);
  return { before, encoded: encodedSize(content, layout, possibleCpus) };
}

/** Bytes of the objects that a small entry of a list is, as measured. */
const LISTED_ENTRY = 250;

/** These problems, and those that encoding found. */
function invalid(reason: Reason, told: readonly Problem[], encoded?: EncodedContent): InvalidContent {
  const more = encoded === undefined ? NOTHING : mistakesIn(encoded);
  const problems = [...told, ...more.problems];
  const total = told.length + more.total;
  const shown = problems.slice(0, SHOWN_PROBLEMS);
  return {
    kind: 'invalid',
    reason,
    message: listText(shown.map(problemText), total),
    problems: shown,
    total,
  };
}

const NOTHING: Pick<InvalidContent, 'problems' | 'total'> = { problems: [], total: 0 };
