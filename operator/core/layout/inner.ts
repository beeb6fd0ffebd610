import { flagsWord } from '../../api/maps/flags.ts';
import { MAP_RULES, type MapRule } from '../../api/maps/types.ts';
import type { InnerType, Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { type MapTypes, mapTypes, STORAGE_KEY } from '../btf/maptypes.ts';
import { WORD_TYPES } from '../types/parser/words.ts';
import { hasFields } from '../types/path.ts';
import type { Type } from '../types/type.ts';
import { refuseKernelFields } from './kernelfields.ts';
import { ownedMask, valueMask } from './mask.ts';
import type { OuterLayout } from './outer.ts';
import { readType } from './read.ts';
import { entriesProblem, flagWord } from './rules.ts';

type TemplateLayout = Pick<OuterLayout, 'template' | 'innerKey' | 'innerValue' | 'valueMask' | 'ownedMask'>;

/** The template with its declarations read; undefined, with its problems added, where the kernel would not make it. */
export function templateLayout(inner: Template, problems: Problem[]): TemplateLayout | undefined {
  const rule = MAP_RULES[inner.type];
  const before = problems.length;
  const key = keyPart(inner, rule, problems);
  const value = valuePart(inner, rule, problems);
  const wrong = entriesProblem(inner.type, inner.maxEntries);
  if (wrong !== undefined) problems.push({ path: ['spec', 'inner', 'maxEntries'], message: wrong });
  const declared = flagWord(inner.flags, { type: inner.type, flags: rule.flags }, (index, message) =>
    problems.push({ path: ['spec', 'inner', 'flags', index], message }),
  );
  const flags = declared | flagsWord(rule.needed ?? []);
  const owned = ownedMask(inner, value?.type, problems);
  refuseKernelFields(inner, { key: key?.type, value: value?.type }, problems);
  if (problems.length > before) return undefined;
  const { type, maxEntries } = inner;
  const isDeclared = rule.contents === true;
  const keyType = rule.btf === true ? STORAGE_KEY : key?.type;
  const types = isDeclared || rule.btf === true ? typesOf(type, keyType, value?.type) : undefined;
  const sizes = { keySize: key?.size ?? 0, valueSize: value?.size ?? 0 };
  const template = { type, ...sizes, maxEntries, flags, ...(types === undefined ? {} : { types }) };
  const mask = isDeclared ? valueMask(value?.type, owned) : undefined;
  return {
    template,
    ...(isDeclared && key?.type !== undefined ? { innerKey: key.type } : {}),
    ...(isDeclared && value?.type !== undefined ? { innerValue: value.type } : {}),
    ...(mask === undefined ? {} : { valueMask: mask }),
    ...(owned === undefined ? {} : { ownedMask: owned }),
  };
}

function typesOf(type: InnerType, key: Type | undefined, value: Type | undefined): MapTypes | undefined {
  return key === undefined || value === undefined ? undefined : mapTypes({ type, key, value });
}

/** A key or a value: its size, and its declared type if there is one. */
interface Part {
  readonly size: number;
  readonly type?: Type;
}

function keyPart(inner: Template, rule: MapRule, problems: Problem[]): Part | undefined {
  if (rule.key === 'none') return refusePresent(inner, 'key', problems);
  if (inner.key !== undefined) return declaredPart(inner, 'key', { rule, problems });
  if (isWord(rule)) return { size: 4, type: WORD_TYPES.get('u32')! };
  const message = `Type ${inner.type} needs a key: write a type such as ${rule.key === 'prefix' ? 'cidr4' : 'u32'}`;
  problems.push({ path: ['spec', 'inner', 'key'], message });
  return undefined;
}

function declaredPart(
  inner: Template,
  part: 'key' | 'value',
  { rule, problems }: { rule: MapRule; problems: Problem[] },
): Part | undefined {
  const path = ['spec', 'inner', part];
  const type = readType(inner[part]!, path, problems);
  if (type === undefined) return undefined;
  const message = part === 'key' ? keyProblem(inner, rule, type) : valueProblem(inner, rule, type);
  if (message !== undefined) problems.push({ path, message });
  return { size: type.size, type };
}

function keyProblem(inner: Template, rule: MapRule, type: Type): string | undefined {
  if (isWord(rule) && !isIndex(type))
    return `Keys of type ${inner.type} are ${rule.key === 'index' ? 'indexes' : 'descriptors'}: write u32 or int, or leave it out`;
  if (rule.key === 'prefix' && !isPrefix(type))
    return 'Keys of an LPMTrie begin with a u32 prefix length in host order: write cidr4, cidr6 or struct { __u32 bits; … }';
  if (rule.largestKey === undefined || type.size <= rule.largestKey) return undefined;
  return `Key of ${type.size} bytes is too large: type ${inner.type} takes at most ${rule.largestKey}`;
}

function valuePart(inner: Template, rule: MapRule, problems: Problem[]): Part | undefined {
  const sizes = rule.valueSizes;
  if (sizes?.length === 0) return refusePresent(inner, 'value', problems);
  if (inner.value !== undefined) return declaredPart(inner, 'value', { rule, problems });
  // The usual size where the value is a reference that only the kernel reads
  if (sizes !== undefined) return { size: sizes[0]! };
  const message = `Type ${inner.type} needs a value: write a type such as u64`;
  problems.push({ path: ['spec', 'inner', 'value'], message });
  return undefined;
}

function valueProblem(inner: Template, rule: MapRule, type: Type): string | undefined {
  const { valueSizes, largestValue } = rule;
  const not = `Value of ${type.size} bytes cannot be: type ${inner.type}`;
  if (valueSizes?.includes(type.size) === false) return `${not} takes ${valueSizes.join(' or ')} bytes`;
  if (rule.frame !== undefined) {
    const frame = rule.frame[inner.flags.includes('StackBuildId') ? 'StackBuildId' : 'plain'];
    const with_ = frame === rule.frame.plain ? '' : ' with StackBuildId';
    const most = MOST_FRAMES * frame;
    if (type.size > most || type.size % frame !== 0)
      return `${not}${with_} takes a multiple of ${frame}, at most ${most}, bytes`;
  }
  if (largestValue === undefined || type.size <= largestValue) return undefined;
  return `Value of ${type.size} bytes is too large: type ${inner.type} takes at most ${largestValue}`;
}

function refusePresent(inner: Template, part: 'key' | 'value', problems: Problem[]): undefined {
  if (inner[part] === undefined) return;
  problems.push({
    path: ['spec', 'inner', part],
    message: `Type ${inner.type} has no ${part}: leave it out`,
  });
}

/** The kernel's own default, kernel.perf_event_max_stack. */
const MOST_FRAMES = 127;

/** Whether a key can only be four bytes, as the kernel numbers what it has. */
function isWord({ key }: MapRule): boolean {
  return key === 'index' || key === 'object';
}

/** Four bytes that the kernel takes for a number of its own; an enum names them, and programs say int as often as __u32. */
function isIndex(type: Type): boolean {
  if (type.kind === 'enum') return type.size === 4 && !type.signed;
  return type.kind === 'integer' && type.size === 4 && type.byteOrder === 'host';
}

/** At least a byte behind a u32 in host order. Plain bytes may be that. */
function isPrefix(type: Type): boolean {
  if (type.kind === 'cidr4' || type.kind === 'cidr6') return true;
  if (type.size < 5) return false;
  if (type.kind === 'bytes') return true;
  return (hasFields(type) || type.kind === 'array') && isU32(firstPart(type));
}

function firstPart(type: Type): Type {
  if (hasFields(type)) return firstPart(type.fields[0]!.type);
  return type.kind === 'array' ? firstPart(type.element) : type;
}

/** Whether a type is an unsigned integer of four bytes in host order. */
export function isU32(type: Type): boolean {
  return type.kind === 'integer' && type.size === 4 && !type.signed && type.byteOrder === 'host';
}
