import type { BitsType, Field, StructType, Type } from './type.ts';

/** A field before it has its offset. */
export interface Member {
  readonly name: string;
  readonly type: Type;
  /** Of a bit-field. */
  readonly width?: number;
  readonly aligned?: number;
  /** Of the typedef of its type, which may lower it too, and which a packed place leaves out. */
  readonly typeAligned?: number;
  readonly packed?: true;
  /** An array of no elements: it has no bytes and is no field, but the next one is aligned as it is. */
  readonly empty?: true;
}

/** What surrounds the members. `aligned` raises the alignment of the whole. */
export type StructShape = Partial<Pick<StructType, 'kind' | 'tag' | 'packed' | 'as'>> & {
  readonly aligned?: number;
};

/** Places members as C does: each at a multiple of its alignment, the whole padded to the largest. `packed` drops all padding between them. */
export function structOf(members: readonly Member[], around: StructShape = {}): StructType {
  const { kind = 'struct', packed = false, aligned = 1, ...names } = around;
  const fields: Field[] = [];
  let [end, alignment, before] = [0, aligned, 1];
  for (const one of members) {
    const each = withTypeAligned(one, packed);
    const member = before > 1 ? { ...each, aligned: Math.max(each.aligned ?? 1, before) } : each;
    const by = packed ? { ...member, packed } : member;
    const start = placeOf(by, kind === 'union' ? 0 : end);
    if (member.empty !== true) fields.push(fieldAt(member, start));
    end = Math.max(end, start + bitsOf(member));
    alignment = Math.max(alignment, alignmentOf(by));
    before = member.empty && kind === 'struct' ? alignmentOf(by) : 1;
  }
  const size = roundedUp(end, alignment * 8) / 8;
  return { kind, ...names, packed, fields, size, alignment };
}

/** The members by which a union is shown, the first that has all of its bits: the chosen one, then the largest. Bits without a name show nothing. */
export function shownMembers({ fields, as }: StructType): readonly Field[] {
  const named = fields.filter(({ name, type }) => name !== '' || type.kind !== 'bits');
  const largest = named.reduce((most, field) => (field.type.size > most.type.size ? field : most));
  const chosen = as === undefined ? undefined : fields.find(({ name }) => name === as);
  return chosen === undefined ? [largest] : [chosen, largest];
}

/** A typedef's alignment as attributes of the member, which a text can show. */
function withTypeAligned({ typeAligned, ...member }: Member, isPacked: boolean): Member {
  if (typeAligned === undefined || isPacked || member.packed) return member;
  const aligned = Math.max(member.aligned ?? 1, typeAligned);
  return { ...member, aligned, ...(typeAligned < member.type.alignment ? { packed: true } : {}) };
}

/** What a member asks of the place of the whole. Bits without a name ask nothing. */
export function alignmentOf({ name, type, width, aligned = 1, packed }: Member): number {
  const own = packed || (width !== undefined && name === '') ? 1 : type.alignment;
  return Math.max(own, aligned);
}

/** The first bit of a member behind `end`. A bit-field does not cross a boundary of its type unless it is packed. */
function placeOf(member: Member, end: number): number {
  const { type, width, packed } = member;
  if (width === undefined) return roundedUp(end, alignmentOf(member) * 8);
  const unit = type.size * 8;
  if (width === 0) return roundedUp(end, unit);
  const crosses = Math.floor(end / unit) !== Math.floor((end + width - 1) / unit);
  return crosses && !packed ? roundedUp(end, unit) : end;
}

function bitsOf({ type, width, empty }: Member): number {
  return empty ? 0 : (width ?? type.size * 8);
}

function fieldAt({ name, type, width, ...attributes }: Member, start: number): Field {
  const offset = Math.floor(start / 8);
  if (width === undefined) return { name, offset, type, ...attributes };
  const shift = start % 8;
  const size = Math.ceil((shift + width) / 8);
  const base = hostOrder(type as BitsType['base']);
  return { name, offset, type: { kind: 'bits', base, width, shift, size, alignment: 1 }, ...attributes };
}

/** C's bits are numbers, whatever the order of the bytes around them. */
function hostOrder(base: BitsType['base']): BitsType['base'] {
  return base.kind === 'integer' ? { ...base, byteOrder: 'host' } : base;
}

function roundedUp(place: number, unit: number): number {
  return Math.ceil(place / unit) * unit;
}
