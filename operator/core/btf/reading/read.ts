import {
  BTF_BEHIND,
  BTF_HEADER_SIZE,
  BTF_KIND_FLAG,
  BTF_KINDS,
  BTF_LARGEST,
  BTF_MAGIC,
  BTF_TYPE_SIZE,
  BTF_VERSION,
  type BtfKind,
} from '../kinds.ts';

/** BTF whose types can be read by their ids: each lies whole in its bytes. What they name may not be there. */
export interface Btf {
  readonly view: DataView;
  /** Id → place of the type. Id 0 is void, which has none. */
  readonly places: readonly number[];
  readonly names: Uint8Array;
}

/** One type as it stands in BTF. */
export interface BtfType {
  readonly kind: BtfKind;
  readonly name: string;
  /** The size in bytes of an Int, Struct, Union, Enum, Float and Section; the id of the type that any other is made of. */
  readonly sizeOrType: number;
  /** BTF_KIND_FLAG */
  readonly flag: boolean;
  /** Words behind it, `each` of them for each of `count`. */
  readonly count: number;
  readonly place: number;
}

/** A result, or why there is none. */
export type Readable<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly message: string };

const KIND_NAMES: ReadonlyMap<number, BtfKind> = new Map(
  Object.entries(BTF_KINDS).map(([name, number]) => [number, name as BtfKind]),
);

/** BTF from anywhere: what is kept is no more than the bytes hold. */
export function readBtf(bytes: Uint8Array): Readable<Btf> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const problem = headerProblem(view);
  if (problem !== undefined) return unreadable(problem);
  const [header, typesFrom, typesLength, namesFrom, namesLength] = [4, 8, 12, 16, 20].map(at =>
    view.getUint32(at, true),
  ) as [number, number, number, number, number];
  const [types, names] = [header + typesFrom, header + namesFrom];
  if (types + typesLength > bytes.length || names + namesLength > bytes.length)
    return unreadable('its types or names lie behind its end');
  const places = placesIn(view, types, types + typesLength);
  if (typeof places === 'string') return unreadable(places);
  return { ok: true, value: { view, places, names: bytes.subarray(names, names + namesLength) } };
}

function unreadable(why: string): Readable<Btf> {
  return { ok: false, message: `Cannot read BTF: ${why}` };
}

function headerProblem(view: DataView): string | undefined {
  if (view.byteLength > BTF_LARGEST)
    return `it has ${view.byteLength} bytes, the kernel takes ${BTF_LARGEST}`;
  if (view.byteLength < BTF_HEADER_SIZE)
    return `it has ${view.byteLength} bytes, its header alone takes more`;
  if (view.getUint16(0, false) === BTF_MAGIC)
    return 'it is of a big-endian machine: give that of a little-endian one (clang -target bpfel)';
  if (view.getUint16(0, true) !== BTF_MAGIC) return 'it does not begin as BTF does';
  if (view.getUint8(2) !== BTF_VERSION) return `its version is ${view.getUint8(2)}, not ${BTF_VERSION}`;
  return view.getUint32(4, true) < BTF_HEADER_SIZE ? 'its header is too short' : undefined;
}

/** Where each type lies, or why that cannot be told. */
function placesIn(view: DataView, from: number, end: number): readonly number[] | string {
  const places = [-1];
  for (let at = from; at < end; ) {
    if (at + BTF_TYPE_SIZE > end) return `type ${places.length} lies behind its end`;
    const info = view.getUint32(at + 4, true);
    const kind = kindOf(info);
    if (kind === undefined)
      return `type ${places.length} is of a kind that is not known: ${kindNumber(info)}`;
    places.push(at);
    const { fixed, each } = BTF_BEHIND[kind];
    at += BTF_TYPE_SIZE + fixed + each * (info & 0xffff);
    if (at > end) return `type ${places.length - 1} lies behind its end`;
  }
  return places;
}

function kindNumber(info: number): number {
  return (info >>> 24) & 0x1f;
}

function kindOf(info: number): BtfKind | undefined {
  return KIND_NAMES.get(kindNumber(info));
}

/** The type with this id; undefined where there is none, and for void. */
export function btfType(btf: Btf, id: number): BtfType | undefined {
  const place = id === 0 ? undefined : btf.places[id];
  if (place === undefined) return undefined;
  const info = btf.view.getUint32(place + 4, true);
  return {
    kind: kindOf(info)!,
    name: btfName(btf, btf.view.getUint32(place, true)),
    sizeOrType: btf.view.getUint32(place + 8, true),
    flag: (info & BTF_KIND_FLAG) !== 0,
    count: info & 0xffff,
    place: place + BTF_TYPE_SIZE,
  };
}

/** The word so many bytes behind a type's own three. */
export function wordBehind(btf: Btf, { place }: BtfType, at: number): number {
  return btf.view.getUint32(place + at, true);
}

/** Longer ones are no names of C: the kernel takes 127 characters (KSYM_NAME_LEN). */
const LONGEST_NAME = 255;

/** The name at an offset; empty where there is none. */
export function btfName({ names }: Btf, offset: number): string {
  const bytes = names.subarray(offset, offset + LONGEST_NAME + 1);
  const end = bytes.indexOf(0);
  return end < 0 ? '' : String.fromCharCode(...bytes.subarray(0, end));
}

/** A member of a struct or a union. */
export interface BtfMember {
  readonly name: string;
  readonly type: number;
  readonly bitOffset: number;
  /** Of a bit-field; 0 where it is none. */
  readonly bitSize: number;
}

export function btfMembers(btf: Btf, type: BtfType): readonly BtfMember[] {
  return Array.from({ length: type.count }, (_, index) => {
    const at = index * BTF_BEHIND.Struct.each;
    const offset = wordBehind(btf, type, at + 8);
    return {
      name: btfName(btf, wordBehind(btf, type, at)),
      type: wordBehind(btf, type, at + 4),
      bitOffset: type.flag ? offset & 0xffffff : offset,
      bitSize: type.flag ? offset >>> 24 : 0,
    };
  });
}

/** The type behind typedefs, const and the like; undefined where there is none, or where they go round in a circle. */
export function plainBtfType(btf: Btf, id: number): BtfType | undefined {
  let type = btfType(btf, id);
  for (let steps = 0; type !== undefined && isWrapping(type.kind); steps += 1)
    type = steps < DEEPEST ? btfType(btf, type.sizeOrType) : undefined;
  return type;
}

const DEEPEST = 32;
const WRAPPING: ReadonlySet<BtfKind> = new Set<BtfKind>([
  'Typedef',
  'Volatile',
  'Const',
  'Restrict',
  'TypeTag',
]);

export function isWrapping(kind: BtfKind): boolean {
  return WRAPPING.has(kind);
}
