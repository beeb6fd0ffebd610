import { WORD_TYPES } from '../../types/parser/words.ts';
import { alignmentOf, type Member, type StructShape, structOf } from '../../types/struct.ts';
import type { StructType } from '../../types/type.ts';

/** A member, and where BTF has it, in bits. */
export interface PlacedMember extends Member {
  readonly bit: number;
}

/**
 * The struct or union that has its members there, by C's rules; undefined where none has. BTF has no attributes: the
 * fewest that place them so are found.
 */
export function structPlaced(
  members: readonly PlacedMember[],
  size: number,
  named: Pick<StructShape, 'kind' | 'tag'>,
): StructType | undefined {
  for (const attributed of [(each: readonly PlacedMember[]) => each, withAttributes])
    for (const packed of [false, true]) {
      const tried = attributed(members, packed);
      const struct = filled(tried, size, { ...named, packed });
      if (struct !== undefined && isPlaced(struct, tried)) return struct;
    }
  return undefined;
}

/** The whole, with the alignment that makes it as large. */
function filled(members: readonly Member[], size: number, shape: StructShape): StructType | undefined {
  const struct = structOf(members, shape);
  if (struct.size === size) return struct;
  const aligned = ALIGNMENTS.find(each => each > struct.alignment && roundedUp(struct.size, each) === size);
  return aligned === undefined ? undefined : structOf(members, { ...shape, aligned });
}

function isPlaced({ fields }: StructType, members: readonly PlacedMember[]): boolean {
  return fields.every(
    ({ offset, type }, at) => offset * 8 + (type.kind === 'bits' ? type.shift : 0) === members[at]!.bit,
  );
}

const ALIGNMENTS = Array.from({ length: 13 }, (_, power) => 2 ** power);

/** Packed where a member lies before its alignment, aligned where it lies behind; bits without a name where nothing else is left. */
function withAttributes(members: readonly PlacedMember[], packed: boolean): readonly PlacedMember[] {
  const placed: PlacedMember[] = [];
  let end = 0;
  for (const member of members) {
    const { type, width, bit } = member;
    const attributes = width === undefined ? attributesAt(member, end, packed) : bit === end ? {} : undefined;
    if (attributes === undefined) placed.push({ name: '', type: WORD, width: bit - end, bit: end });
    placed.push({ ...member, ...attributes });
    end = bit + (width ?? type.size * 8);
  }
  return placed.every(({ width = 1, type }) => width > 0 && width <= type.size * 8) ? placed : members;
}

const WORD = WORD_TYPES.get('__u64')!;

type Attributes = Pick<Member, 'aligned' | 'packed'>;

/** Undefined where none places it there; behind an anonymous struct they are those of that. */
function attributesAt(
  { bit, ...member }: PlacedMember,
  end: number,
  packed: boolean,
): Attributes | undefined {
  const own = alignmentOf({ ...member, ...(packed ? { packed } : {}) });
  if (roundedUp(end, own * 8) === bit) return {};
  const needed = ALIGNMENTS.find(each => roundedUp(end, each * 8) === bit);
  if (needed === undefined || member.name === '') return undefined;
  return { ...(needed < own ? { packed: true } : {}), ...(needed > 1 ? { aligned: needed } : {}) };
}

function roundedUp(place: number, unit: number): number {
  return Math.ceil(place / unit) * unit;
}
