import { CONTENT_TYPES, type InnerType, MAP_FLAGS, type Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { type MapTypes, mapTypes } from '../btf/maptypes.ts';
import { WORD_TYPES } from '../types/parser/words.ts';
import { leavesOf } from '../types/path.ts';
import type { Type } from '../types/type.ts';
import { refuseKernelFields } from './kernelfields.ts';
import { ownedMask, valueMask } from './mask.ts';
import type { OuterLayout } from './outer.ts';
import { readType } from './read.ts';
import { entriesProblem, flagWord, INNER_RULES, type InnerRule } from './rules.ts';

type TemplateLayout = Pick<OuterLayout, 'template' | 'innerKey' | 'innerValue' | 'valueMask' | 'ownedMask'>;

/** The template with its declarations read; undefined, with its problems added, where the kernel would not make it. */
export function templateLayout(inner: Template, problems: Problem[]): TemplateLayout | undefined {
  const rule = INNER_RULES[inner.type];
  if (rule === undefined) {
    const message = `${inner.type} needs BTF types, which declarations do not give: no outer map of it can be made here`;
    problems.push({ path: ['spec', 'inner', 'type'], message });
    return undefined;
  }
  const before = problems.length;
  const key = keyPart(inner, rule, problems);
  const value = valuePart(inner, rule, problems);
  const wrong = entriesProblem(inner.type, inner.maxEntries);
  if (wrong !== undefined) problems.push({ path: ['spec', 'inner', 'maxEntries'], message: wrong });
  const declared = flagWord(inner.flags, { type: inner.type, flags: rule.flags }, (index, message) =>
    problems.push({ path: ['spec', 'inner', 'flags', index], message }),
  );
  const flags = (rule.needed ?? []).reduce((word, flag) => word | MAP_FLAGS[flag], declared);
  const owned = ownedMask(inner, value?.type, problems);
  refuseKernelFields(inner, { key: key?.type, value: value?.type }, problems);
  if (problems.length > before) return undefined;
  const { type, maxEntries } = inner;
  const isDeclared = (CONTENT_TYPES as readonly string[]).includes(type);
  const types = isDeclared ? typesOf(type, key?.type, value?.type) : undefined;
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

function keyPart(inner: Template, rule: InnerRule, problems: Problem[]): Part | undefined {
  if (rule.key === 'none') return refusePresent(inner, 'key', problems);
  if (inner.key !== undefined) return declaredPart(inner, 'key', { rule, problems });
  if (rule.key === 'index') return { size: 4, type: WORD_TYPES.get('u32')! };
  const message = `Type ${inner.type} needs a key: write a type such as ${rule.key === 'prefix' ? 'cidr4' : 'u32'}`;
  problems.push({ path: ['spec', 'inner', 'key'], message });
  return undefined;
}

function declaredPart(
  inner: Template,
  part: 'key' | 'value',
  { rule, problems }: { rule: InnerRule; problems: Problem[] },
): Part | undefined {
  const path = ['spec', 'inner', part];
  const type = readType(inner[part]!, path, problems);
  if (type === undefined) return undefined;
  const message = part === 'key' ? keyProblem(inner, rule, type) : valueProblem(inner, rule, type);
  if (message !== undefined) problems.push({ path, message });
  return { size: type.size, type };
}

function keyProblem(inner: Template, rule: InnerRule, type: Type): string | undefined {
  if (rule.key === 'index' && !isIndex(type))
    return `Keys of type ${inner.type} are indexes: write u32, or leave it out`;
  if (rule.key === 'prefix' && !isPrefix(type))
    return 'Keys of an LPMTrie begin with a u32 prefix length in host order: write cidr4, cidr6 or struct { __u32 bits; … }';
  if (rule.largestKey === undefined || type.size <= rule.largestKey) return undefined;
  return `Key of ${type.size} bytes is too large: type ${inner.type} takes at most ${rule.largestKey}`;
}

function valuePart(inner: Template, rule: InnerRule, problems: Problem[]): Part | undefined {
  const sizes = rule.valueSizes;
  if (sizes?.length === 0) return refusePresent(inner, 'value', problems);
  if (inner.value !== undefined) return declaredPart(inner, 'value', { rule, problems });
  // The usual size where the value is a reference that only the kernel reads. A stack's depth is the author's choice.
  if (sizes !== undefined && inner.type !== 'StackTrace') return { size: sizes[0]! };
  const message = `Type ${inner.type} needs a value: write a type such as u64`;
  problems.push({ path: ['spec', 'inner', 'value'], message });
  return undefined;
}

function valueProblem(inner: Template, rule: InnerRule, type: Type): string | undefined {
  const { valueSizes, largestValue } = rule;
  if (valueSizes !== undefined && !valueSizes.includes(type.size)) {
    const sizes = valueSizes.length > 4 ? 'a multiple of 8, at most 1016,' : valueSizes.join(' or ');
    return `Value of ${type.size} bytes cannot be: type ${inner.type} takes ${sizes} bytes`;
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

/** Four bytes that the kernel takes for an index; an enum names them. */
function isIndex(type: Type): boolean {
  return type.kind === 'enum' ? type.size === 4 && !type.signed : isU32(type);
}

/** At least a byte behind a u32 in host order. Plain bytes may be that. */
function isPrefix(type: Type): boolean {
  if (type.kind === 'cidr4' || type.kind === 'cidr6') return true;
  if (type.size < 5) return false;
  if (type.kind === 'bytes') return true;
  const first = leavesOf(type).next().value;
  return (type.kind === 'struct' || type.kind === 'array') && first !== undefined && isU32(first.type);
}

/** Whether a type is an unsigned integer of four bytes in host order. */
export function isU32(type: Type): boolean {
  return type.kind === 'integer' && type.size === 4 && !type.signed && type.byteOrder === 'host';
}
