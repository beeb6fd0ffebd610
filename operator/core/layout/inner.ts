import { CONTENT_TYPES, MAP_FLAGS, type Template } from '../../api/outermap.ts';
import type { FieldPath, Problem } from '../../api/problem.ts';
import { leavesOf } from '../types/path.ts';
import type { Type } from '../types/type.ts';
import { valueMask } from './mask.ts';
import type { OuterLayout } from './outer.ts';
import { readType } from './read.ts';
import { entriesProblem, INNER_RULES, type InnerRule } from './rules.ts';

type TemplateLayout = Pick<OuterLayout, 'template' | 'innerKey' | 'innerValue' | 'valueMask'>;

const INDEX: Type = { kind: 'integer', name: 'u32', size: 4, alignment: 4, signed: false, byteOrder: 'host' };

/** The template with its declarations read; undefined, and told, where it is none that the kernel would make. */
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
  const flags = flagsOf(inner, rule, problems);
  const mask = valueMask(inner, value?.type, problems);
  if (problems.length > before) return undefined;
  const { type, maxEntries } = inner;
  const template = { type, keySize: key?.size ?? 0, valueSize: value?.size ?? 0, maxEntries, flags };
  const isDeclared = (CONTENT_TYPES as readonly string[]).includes(type);
  return {
    template,
    ...(isDeclared && key?.type !== undefined ? { innerKey: key.type } : {}),
    ...(isDeclared && value?.type !== undefined ? { innerValue: value.type } : {}),
    ...(mask === undefined ? {} : { valueMask: mask }),
  };
}

/** A key or a value: its size, and its type where that is declared. */
interface Part {
  readonly size: number;
  readonly type?: Type;
}

function keyPart(inner: Template, rule: InnerRule, problems: Problem[]): Part | undefined {
  const path = ['spec', 'inner', 'key'];
  if (rule.key === 'none') return refusePresent(inner, 'key', problems);
  if (inner.key === undefined) {
    if (rule.key === 'index') return { size: 4, type: INDEX };
    problems.push({
      path,
      message: `Type ${inner.type} needs a key: write a type such as ${rule.key === 'prefix' ? 'cidr4' : 'u32'}`,
    });
    return undefined;
  }
  const type = readType(inner.key, path, problems);
  if (type === undefined) return undefined;
  const message = keyProblem(inner, rule, type);
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
  const path = ['spec', 'inner', 'value'];
  const sizes = rule.valueSizes;
  if (sizes?.length === 0) return refusePresent(inner, 'value', problems);
  if (inner.value === undefined) {
    // A usual size where the value is a reference that only the kernel reads; a stack's depth is the author's choice.
    if (sizes !== undefined && inner.type !== 'StackTrace') return { size: sizes[0] ?? 0 };
    problems.push({ path, message: `Type ${inner.type} needs a value: write a type such as u64` });
    return undefined;
  }
  const type = readType(inner.value, path, problems);
  if (type === undefined) return undefined;
  const message = valueProblem(inner, rule, type);
  if (message !== undefined) problems.push({ path, message });
  return { size: type.size, type };
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

function flagsOf(inner: Template, rule: InnerRule, problems: Problem[]): number {
  let word = 0;
  for (const flag of rule.needed ?? []) word |= MAP_FLAGS[flag];
  for (const [index, flag] of inner.flags.entries()) {
    const path: FieldPath = ['spec', 'inner', 'flags', index];
    word |= MAP_FLAGS[flag];
    if (rule.flags.includes(flag)) continue;
    const isOfDescriptor = flag === 'ReadOnly' || flag === 'WriteOnly';
    const why = isOfDescriptor
      ? `${flag} is of one file descriptor, not of the map`
      : `The kernel takes no ${flag} for ${inner.type}`;
    problems.push({ path, message: `${why}: leave it out, it takes ${rule.flags.join(', ')}` });
  }
  return word;
}

/** Four bytes that the kernel takes for an index; an enum names them. */
function isIndex(type: Type): boolean {
  if (type.kind === 'enum') return type.size === 4 && !type.signed;
  return type.kind === 'integer' && type.size === 4 && !type.signed && type.byteOrder === 'host';
}

/** At least a byte behind a u32 in host order; nobody can see into plain bytes. */
function isPrefix(type: Type): boolean {
  if (type.kind === 'cidr4' || type.kind === 'cidr6') return true;
  if (type.size < 5) return false;
  if (type.kind === 'bytes') return true;
  const first = leavesOf(type).next().value;
  return (type.kind === 'struct' || type.kind === 'array') && first !== undefined && isLength(first.type);
}

function isLength(type: Type): boolean {
  return type.kind === 'integer' && isIndex(type);
}
