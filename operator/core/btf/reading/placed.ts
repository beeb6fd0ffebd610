import { type Member, structOf } from '../../types/struct.ts';
import type { StructType, Type } from '../../types/type.ts';

/** A member, and where BTF has it. */
export interface PlacedMember extends Member {
  readonly offset: number;
}

/**
 * The struct that has its members there, by C's rules; undefined where none has. BTF does not say what is packed: a member
 * that is a struct without padding may be.
 */
export function structPlaced(
  members: readonly PlacedMember[],
  size: number,
  tag: string | undefined,
): StructType | undefined {
  const misplaced = members.map(each => (each.offset % each.type.alignment === 0 ? each : unaligned(each)));
  for (const tried of [members, misplaced, members.map(unaligned)])
    for (const packed of [false, true]) {
      const struct = structOf(tried, { packed, ...(tag === undefined ? {} : { tag }) });
      if (struct.size === size && struct.fields.every(({ offset }, at) => offset === members[at]!.offset))
        return struct;
    }
  return undefined;
}

function unaligned(member: PlacedMember): PlacedMember {
  return { ...member, type: packed(member.type) };
}

function packed(type: Type): Type {
  if (type.kind === 'array') {
    const element = packed(type.element);
    return element === type.element ? type : { ...type, element, alignment: element.alignment };
  }
  if (type.kind !== 'struct') return type;
  const { fields, size, tag } = type;
  const struct = structOf(fields, { packed: true, ...(tag === undefined ? {} : { tag }) });
  return struct.size === size ? struct : type;
}
