import { objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { compileOuterMap } from '../desired/compile.ts';
import { layoutDifference } from '../layout/difference.ts';
import type { ObjectChange } from './applied.ts';
import type { NamedRejection } from './rejections.ts';

/** Fields that the API server refuses to change, by the rules of crds/. */
const LAYOUT = new Set(['spec.type', 'spec.maxEntries', 'spec.flags', 'spec.inner.type', 'spec.inner.flags']);
const TYPES = new Set(['spec.key', 'spec.inner.key', 'spec.inner.value']);
const BOUNDED = ['Array', 'PerCPUArray', 'XSKMap'];
const PLACE = new Set(['spec.outerMap', 'spec.key']);

/** The problem of changing what an object was made with. */
export function immutableProblem(
  change: ObjectChange,
  outers?: readonly [before: OuterMap, after: OuterMap],
): NamedRejection | undefined {
  return outers === undefined ? placeProblem(change) : layoutProblem(change, outers);
}

function placeProblem({ object, fields }: ObjectChange): NamedRejection | undefined {
  const names = fields.map(({ field }) => field).filter(field => PLACE.has(field));
  if (names.length === 0) return undefined;
  const message = `${names.join(', ')} cannot change: delete this InnerMap and make another`;
  return { object, reason: 'InvalidKey', message };
}

function layoutProblem(
  { fields }: ObjectChange,
  [before, after]: readonly [OuterMap, OuterMap],
): NamedRejection | undefined {
  const isBounded = BOUNDED.includes(before.spec.inner.type);
  const names = fields
    .filter(
      ({ field, before: old, after: now }) =>
        LAYOUT.has(field) ||
        (field === 'spec.inner.maxEntries' && isBounded) ||
        (TYPES.has(field) && !isSpelling(old, now)),
    )
    .map(({ field }) => field);
  const found = differenceOf(before, after);
  if (names.length === 0 && found === undefined) return undefined;
  const what = names.length === 0 ? `spec.${found!.field}` : names.join(', ');
  const values =
    found === undefined ? '' : ` (spec.${found.field} is ${found.before}, declared is ${found.now})`;
  const message = `${what} cannot change: the kernel cannot change the layout of a map, make another OuterMap${values}`;
  return { object: objectText(after), reason: 'LayoutMismatch', message };
}

/** The field and the values by which agents would see another layout. */
function differenceOf(before: OuterMap, after: OuterMap): ReturnType<typeof layoutDifference> {
  const [old, now] = [compileOuterMap(before), compileOuterMap(after)];
  return typeof old === 'string' || typeof now === 'string'
    ? undefined
    : layoutDifference(old.layout, now.layout);
}

/**
 * Whether the API server takes a change of a type: another name of an integer, or a struct or an enum with as many parts.
 * It cannot read declarations; agents compare the rest.
 */
function isSpelling(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined) return false;
  if (INTEGERS.some(names => names.includes(before) && names.includes(after))) return true;
  const [old, now] = [before.split(';'), after.split(';')];
  return old.length === now.length && [before, after].every(text => text.includes('{'));
}

const INTEGERS = [
  ['u8', '__u8', 'uint8_t'],
  ['u16', '__u16', 'uint16_t'],
  ['u32', '__u32', 'uint32_t'],
  ['u64', '__u64', 'uint64_t'],
  ['s32', '__s32', 'int32_t', 'int'],
  ['s64', '__s64', 'int64_t'],
];
