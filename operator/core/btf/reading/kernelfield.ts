import { KERNEL_FIELDS, POINTER_TAGS } from '../../types/kernelfield.ts';
import { type Btf, btfMembers, btfType, isWrapping, wordBehind } from './read.ts';

/** The first part of a type that is the kernel's own, as its struct or its tag is called; undefined where it has none. */
export function kernelFieldIn(btf: Btf, id: number): string | undefined {
  const seen = new Set<number>();
  const left = [id];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const type = seen.has(next) ? undefined : btfType(btf, next);
    seen.add(next);
    if (type === undefined) continue;
    if (type.kind === 'Struct' && Object.hasOwn(KERNEL_FIELDS, type.name)) return type.name;
    if (type.kind === 'Struct' || type.kind === 'Union')
      left.push(...btfMembers(btf, type).map(member => member.type));
    else if (type.kind === 'Array') left.push(wordBehind(btf, type, 0));
    else if (type.kind === 'Pointer') {
      const tag = keptTag(btf, type.sizeOrType);
      if (tag !== undefined) return tag;
    } else if (isWrapping(type.kind)) left.push(type.sizeOrType);
  }
  return undefined;
}

/** The tag by which the kernel knows a pointer that it keeps. */
export function keptTag(btf: Btf, id: number): string | undefined {
  const tag = btfType(btf, id);
  return tag?.kind === 'TypeTag' && Object.values(POINTER_TAGS).includes(tag.name) ? tag.name : undefined;
}
