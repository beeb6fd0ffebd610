import { isArray, type MapSpec, mapSpecText } from '../mapspec.ts';
import { sha256 } from '../sha256.ts';
import { kernelFieldText } from '../types/kernelfield.ts';
import { hasFields } from '../types/path.ts';
import { typeText } from '../types/show.ts';
import type { Field, Type } from '../types/type.ts';
import type { OuterLayout } from './outer.ts';

/** A field of the declaration whose two values a map cannot have at once. */
export interface LayoutDifference {
  /** `inner.value.action`, `maxEntries` */
  readonly field: string;
  readonly before: string;
  readonly now: string;
}

/**
 * The first field by which maps of one layout are no maps of the other; undefined where the kernel makes the same of
 * both. Types are compared by size, offset and kind: neither spelling nor names nor enumerators are in the kernel.
 */
export function layoutDifference(before: OuterLayout, now: OuterLayout): LayoutDifference | undefined {
  const templates = [before.template, unbounded(now.template, before.template)] as const;
  return (
    firstOf(SPEC_FIELDS, before.outer, now.outer) ??
    inInner(firstOf(SPEC_FIELDS, ...templates)) ??
    partDifference('key', before.outerKey, now.outerKey) ??
    partDifference('inner.key', before.innerKey, now.innerKey) ??
    partDifference('inner.value', before.innerValue, now.innerValue) ??
    inInner(firstOf(SIZES, ...templates))
  );
}

/** Whether keys of inner maps are the same bytes by both. */
export function haveSameKeys(before: OuterLayout, now: OuterLayout): boolean {
  return partDifference('inner.key', before.innerKey, now.innerKey) === undefined;
}

/** The first field in which a map is not the declared one. */
export function specDifference(found: MapSpec, declared: MapSpec): LayoutDifference | undefined {
  return firstOf([...SPEC_FIELDS, ...SIZES], found, declared);
}

function inInner(difference: LayoutDifference | undefined): LayoutDifference | undefined {
  return difference === undefined ? undefined : { ...difference, field: `inner.${difference.field}` };
}

/** `inner.value.action is u32, declared is u64` */
export function differenceText({ field, before, now }: LayoutDifference): string {
  return `${field} is ${before}, declared is ${now}`;
}

/** The same for layouts of which only the digest is kept: equal exactly where there is no difference. */
export function shapeDigest({ outer, template, outerKey, innerKey, innerValue }: OuterLayout): string {
  const shapes = [outerKey, innerKey, innerValue].map(type => (type === undefined ? '' : shapeOf(type)));
  const bounded = isBounded(template) ? template : { ...template, maxEntries: 0 };
  return sha256([mapSpecText(outer), mapSpecText(bounded), ...shapes].join('\n')).slice(0, 32);
}

/** Only arrays and XSKMaps must have the max_entries of the template: the kernel refuses others. */
export function isBounded({ type }: MapSpec): boolean {
  return isArray(type) || type === 'XSKMap';
}

function unbounded(spec: MapSpec, like: MapSpec): MapSpec {
  return isBounded(spec) ? spec : { ...spec, maxEntries: like.maxEntries };
}

/** The fields of a map, as a declaration names them. */
const SPEC_FIELDS: readonly (readonly [string, (spec: MapSpec) => string])[] = [
  ['type', ({ type }) => type],
  ['maxEntries', ({ maxEntries }) => String(maxEntries)],
  ['flags', ({ flags }) => (flags === 0 ? 'none' : `0x${flags.toString(16)}`)],
];
const SIZES: typeof SPEC_FIELDS = [
  ['key', ({ keySize }) => `of ${keySize} bytes`],
  ['value', ({ valueSize }) => `of ${valueSize} bytes`],
];

function firstOf(fields: typeof SPEC_FIELDS, before: MapSpec, now: MapSpec): LayoutDifference | undefined {
  const differing = fields.find(([, shown]) => shown(before) !== shown(now));
  if (differing === undefined) return undefined;
  const [field, shown] = differing;
  return { field, before: shown(before), now: shown(now) };
}

function partDifference(
  field: string,
  before: Type | undefined,
  now: Type | undefined,
): LayoutDifference | undefined {
  if (before !== undefined && now !== undefined) return typeDifference(field, before, now);
  if (before === now) return undefined;
  return { field, before: textOf(before), now: textOf(now) };
}

function textOf(type: Type | undefined): string {
  return type === undefined ? 'absent' : typeText(type);
}

function typeDifference(field: string, before: Type, now: Type): LayoutDifference | undefined {
  if (shapeOf(before) === shapeOf(now)) return undefined;
  if (hasFields(before) && hasFields(now) && before.kind === now.kind) {
    const length = Math.max(before.fields.length, now.fields.length);
    for (let at = 0; at < length; at += 1) {
      const found = fieldDifference(field, before.fields[at], now.fields[at]);
      if (found !== undefined) return found;
    }
    return { field, before: `${before.size} bytes`, now: `${now.size} bytes` };
  }
  if (before.kind === 'array' && now.kind === 'array' && before.length === now.length)
    return typeDifference(`${field}[0]`, before.element, now.element);
  return { field, before: typeText(before), now: typeText(now) };
}

function fieldDifference(
  path: string,
  before: Field | undefined,
  now: Field | undefined,
): LayoutDifference | undefined {
  const { name } = (now ?? before)!;
  const field = name === '' ? path : `${path}.${name}`;
  if (before === undefined || now === undefined)
    return { field, before: textOf(before?.type), now: textOf(now?.type) };
  const found = typeDifference(field, before.type, now.type);
  if (found !== undefined || before.offset === now.offset) return found;
  return { field, before: `at byte ${before.offset}`, now: `at byte ${now.offset}` };
}

/** Equal for types whose bytes mean the same: an enum is the integer that it is stored as. */
function shapeOf(type: Type): string {
  switch (type.kind) {
    case 'integer':
      return `${type.signed ? 's' : 'u'}${type.size}${type.byteOrder === 'network' ? 'be' : ''}`;
    case 'enum':
      return `${type.signed ? 's' : 'u'}${type.size}`;
    case 'array':
      return `${shapeOf(type.element)}[${type.length}]`;
    case 'struct':
    case 'union':
      return `${type.kind === 'union' ? 'union' : ''}{${type.fields.map(fieldShape).join()}}${type.size}`;
    case 'bits':
      return `${shapeOf(type.base)}:${type.shift}+${type.width}`;
    case 'kernel':
      return kernelFieldText(type);
    default:
      return `${type.kind}${type.size}`;
  }
}

function fieldShape({ offset, type }: Field): string {
  return `${offset}:${shapeOf(type)}`;
}
