import type { Field, StructType, Type } from './type.ts';

/** A field before it has its offset. */
export interface Member {
  readonly name: string;
  readonly type: Type;
}

/** Places members as C does: each at a multiple of its alignment, the whole padded to the largest. `packed` drops all padding between them. */
export function structOf(members: readonly Member[], packed: boolean, tag?: string): StructType {
  const fields: Field[] = [];
  let end = 0;
  let alignment = 1;
  for (const { name, type } of members) {
    const offset = packed ? end : roundedUp(end, type.alignment);
    fields.push({ name, offset, type });
    end = offset + type.size;
    if (!packed) alignment = Math.max(alignment, type.alignment);
  }
  const size = roundedUp(end, alignment);
  return { kind: 'struct', ...(tag === undefined ? {} : { tag }), packed, fields, size, alignment };
}

function roundedUp(offset: number, alignment: number): number {
  return Math.ceil(offset / alignment) * alignment;
}
