import type { RawContent, RawEntry } from '../../api/innermap.ts';
import { API_VERSION } from '../../api/metadata.ts';
import { INNER_MAP_FIELDS } from '../../api/parse/innermap.ts';
import { parseInnerMap } from '../../api/parse/manifest.ts';
import { isObject } from '../../api/parse/section.ts';
import type { Problem } from '../../api/problem.ts';
import { keyBytes } from '../codec/keytext.ts';
import type { Arrival } from '../encodedinner.ts';
import type { OuterLayout } from '../layout/outer.ts';

/** What the parser leaves of an InnerMap that it refuses: more mistakes may be in it. */
export interface Remainder {
  readonly arrival: Arrival;
  /** Whether its key was taken; it is another's otherwise. */
  readonly hasKey: boolean;
}

/** An InnerMap without its wrong fields. Undefined where its outer map is not among the good ones. */
export function remainderOf(value: unknown, refused: readonly Problem[]): Remainder | undefined {
  if (!isObject(value) || value['kind'] !== 'InnerMap' || !isObject(value['spec'])) return undefined;
  const { spec } = value;
  const wrong = new Set(refused.filter(({ path }) => path[0] === 'spec').map(({ path }) => path[1]));
  const good = DECLARED_FIELDS.filter(field => Object.hasOwn(spec, field) && !wrong.has(field));
  const fields = Object.fromEntries(good.map(field => [field, spec[field]]));
  const read = parseInnerMap({ ...STAND_IN, spec: { key: 0, ...fields } });
  if (!read.ok) return undefined;
  const { innerMap } = read.value;
  return { arrival: { innerMap, content: contentLeft(spec) }, hasKey: !wrong.has('key') };
}

const DECLARED_FIELDS = INNER_MAP_FIELDS.filter(field => field !== 'entries' && field !== 'table');
/** Contents depend on neither name nor API version. */
const STAND_IN = {
  apiVersion: API_VERSION,
  kind: 'InnerMap',
  metadata: { name: 'remainder', namespace: 'remainder' },
};

/** The contents of a spec, of which some may be refused: an entry has what was given of it. */
export function contentLeft({ entries, table }: Readonly<Record<string, unknown>>): RawContent {
  return {
    entries: Array.isArray(entries) ? entries.map(entryLeft) : [],
    ...(typeof table === 'string' ? { table } : {}),
  };
}

function entryLeft(entry: unknown): RawEntry {
  if (!isObject(entry)) return NOTHING;
  const { key, value } = entry;
  return { key: key ?? undefined, value: value ?? undefined };
}

const NOTHING: RawEntry = { key: undefined, value: undefined };

/** The problem that the outer map's type has with its key. */
export function keyProblems(
  { arrival, hasKey }: Remainder,
  layout: OuterLayout | undefined,
): readonly Problem[] {
  if (layout === undefined || !hasKey) return [];
  const { key } = arrival.innerMap.spec;
  const read = keyBytes(layout.outerKey, key);
  return read.ok ? [] : [{ path: ['spec', 'key'], message: `Key ${String(key)}: ${read.message}` }];
}
