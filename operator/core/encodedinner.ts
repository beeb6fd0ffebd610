import type { InnerMap, RawContent } from '../api/innermap.ts';
import { parseInnerMap } from '../api/parse/manifest.ts';
import { fieldText, type Problem } from '../api/problem.ts';
import type { Reason } from '../api/reason.ts';
import { encodingSteps } from './codec/content.ts';
import { innerSpec, type OuterLayout } from './layout/outer.ts';
import type { Steps } from './steps.ts';
import type { Content } from './wanted.ts';

/** An InnerMap as an API server hands it out, before its contents are read by the outer map's types. */
export interface Arrival {
  readonly innerMap: InnerMap;
  readonly content: RawContent | Extract<Content, { kind: 'invalid' }>;
}

/**
 * Of an object that the CRD's schema let pass. What our parser refuses all the same (an entry with a null key) keeps
 * name and key, so that its last good contents stay and its status can say why. Throws where even those are not there.
 */
export function arrivalOf(object: unknown): Arrival {
  const parsed = parseInnerMap(object);
  if (parsed.ok) return parsed.value;
  const { spec, ...rest } = object as { readonly spec?: { readonly [field: string]: unknown } };
  const { entries: _, table: __, ...outer } = spec ?? {};
  const bare = parseInnerMap({ ...rest, spec: outer });
  const { problems } = parsed;
  if (!bare.ok) throw new Error(`Cannot read an InnerMap: ${told(problems)}`);
  const content = { kind: 'invalid', reason: 'InvalidEntries', message: told(problems) } as const;
  return { innerMap: bare.value.innerMap, content };
}

/** The contents as bytes for a machine with so many possible CPUs, or why they cannot be; in slices. */
export function* contentOf(
  { innerMap, content }: Arrival,
  layout: OuterLayout,
  possibleCpus: number,
): Steps<Content> {
  if ('kind' in content) return content;
  const spec = innerSpec(layout, innerMap);
  if (!spec.ok) return refused('LayoutMismatch', told(spec.problems));
  const { maxEntries } = spec.value;
  const encoded = yield* encodingSteps(content, layout, { maxEntries, possibleCpus });
  if (!encoded.ok) return refused(encoded.reason, encoded.message);
  return { kind: 'encoded', entries: encoded.entries, layoutDigest: layout.digest };
}

/** Entries and bytes of text: how much work it is to encode. */
export function weightOf({ content }: Arrival): number {
  return 'kind' in content ? 0 : content.entries.length * 20 + (content.table?.length ?? 0);
}

function refused(reason: Reason, message: string): Content {
  return { kind: 'invalid', reason, message };
}

const SHOWN = 10;

function told(problems: readonly Problem[]): string {
  const shown = problems.slice(0, SHOWN).map(({ path, message }) => `${fieldText(path)}: ${message}`);
  const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : '';
  return `${shown.join('; ')}${more}`;
}
