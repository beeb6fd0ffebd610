import { POINTER } from '../types/parser/words.ts';
import type {
  AddressType,
  CidrType,
  EnumType,
  Field,
  IntegerType,
  KernelType,
  StructType,
  Type,
} from '../types/type.ts';
import { BTF_INT } from './kinds.ts';
import { BtfWriter, type WrittenMember } from './writer.ts';

/** What a kernel before 6.0 refuses is written in an older way: enums of 8 bytes and the sign of an enum. */
export type BtfAge = 'current' | 'before 6.0';

/** One of C's own integers, or a name for one. */
type Base = Pick<IntegerType, 'name' | 'size'> & Partial<Pick<IntegerType, 'signed'>>;

const BASE_WORDS = /^(?:(?:unsigned|signed|char|short|int|long|__int128)(?: |$))+$/;
/** By size, without and with a sign. */
const BASE_NAMES: Readonly<Record<number, readonly [string, string]>> = {
  1: ['unsigned char', 'signed char'],
  2: ['unsigned short', 'short'],
  4: ['unsigned int', 'int'],
  8: ['unsigned long long', 'long long'],
  16: ['unsigned __int128', '__int128'],
};
/** What a pointer of a declaration points to: the program knows. */
const VOID = 0;
const UNSIGNED_INT: Base = { name: 'unsigned int', size: 4 };
/** It has a sign, as clang has it for eBPF. */
const CHAR: Base = { name: 'char', size: 1, signed: true };

/** Writes declared types, each part of them once. */
export class TypeIds {
  readonly writer = new BtfWriter();
  readonly #age: BtfAge;
  readonly #ids = new Map<Type, number>();
  readonly #named = new Map<string, number>();

  constructor(age: BtfAge) {
    this.#age = age;
  }

  idOf(type: Type): number {
    const known = this.#ids.get(type);
    if (known !== undefined) return known;
    const id = this.#written(type);
    this.#ids.set(type, id);
    return id;
  }

  /** The key of a map whose keys are indexes: the kernel wants an integer. */
  get index(): number {
    return this.#base(UNSIGNED_INT);
  }

  /** The key of a trie: the kernel wants a struct, whatever is in it. */
  structOf(type: Type): number {
    if (type.kind === 'struct' || type.kind === 'cidr4' || type.kind === 'cidr6') return this.idOf(type);
    const members = [{ name: 'key', type: this.idOf(type), offset: 0 }];
    return this.writer.composite('Struct', '', { size: type.size, members });
  }

  #written(type: Type): number {
    switch (type.kind) {
      case 'integer':
        return this.#integer(type);
      case 'bool':
        return this.#once('_Bool', () => this.writer.int('_Bool', 1, BTF_INT.Bool));
      case 'text':
        return this.#array(this.#base(CHAR), type.size);
      case 'bytes':
        return this.#bytes(type.size);
      case 'array':
        return this.#array(this.idOf(type.element), type.length);
      case 'enum':
        return this.#enum(type);
      case 'struct':
      case 'union':
        return this.#struct(type);
      case 'bits':
        return this.idOf(type.base);
      case 'kernel':
        return this.#kernel(type);
      default:
        return this.#address(type.kind);
    }
  }

  #integer(type: IntegerType): number {
    if (type.name === POINTER.name) return this.#once(type.name, () => this.writer.pointer(VOID));
    return BASE_WORDS.test(type.name) ? this.#base(type) : this.#typedef(type);
  }

  /** Of one of C's own integers, whose name follows from its size. */
  #typedef({ name, size, signed = false }: Base): number {
    const base = { name: BASE_NAMES[size]![signed ? 1 : 0], size, signed };
    return this.#once(name, () => this.writer.typedef(name, this.#base(base)));
  }

  #base({ name, size, signed = false }: Base): number {
    return this.#once(name, () => this.writer.int(name, size, signed ? BTF_INT.Signed : 0));
  }

  #bytes(length: number): number {
    return this.#array(this.#typedef({ name: '__u8', size: 1 }), length);
  }

  #array(element: number, length: number): number {
    return this.writer.array(element, this.index, length);
  }

  #struct({ kind, tag = '', size, fields }: StructType): number {
    const named = fields.filter(({ name, type }) => name !== '' || type.kind !== 'bits');
    const hasBits = named.some(({ type }) => type.kind === 'bits');
    const members = named.map(each => this.#member(each, hasBits));
    return this.writer.composite(kind === 'union' ? 'Union' : 'Struct', tag, { size, members });
  }

  /**
   * Beside bit-fields the kernel takes an enum without a width for one of 4 bytes, and no enum for one of more than 32 bits
   * (btf_enum_check_kflag_member).
   */
  #member({ name, offset, type }: Field, hasBits: boolean): WrittenMember {
    const member = { name, offset: offset * 8 };
    if (type.kind === 'bits') {
      const { base, width, shift } = type;
      const id = base.kind === 'enum' && width > 32 ? this.#number(base) : this.idOf(base);
      return { ...member, type: id, offset: member.offset + shift, bits: width };
    }
    const isSmall = hasBits && type.kind === 'enum' && type.size < 4;
    return { ...member, type: this.idOf(type), ...(isSmall ? { bits: type.size * 8 } : {}) };
  }

  #enum(type: EnumType): number {
    const { tag = '', size, signed } = type;
    const isOld = this.#age === 'before 6.0';
    if (size === 8 && isOld) return this.#number(type);
    return this.writer.enumeration(tag, { ...type, signed: signed && !isOld });
  }

  /** The integer that an enum is in C. */
  #number({ size, signed }: EnumType): number {
    return this.#base({ name: BASE_NAMES[size]![signed ? 1 : 0], size, signed });
  }

  #address(kind: (AddressType | CidrType)['kind']): number {
    return this.#once(kind, () => {
      switch (kind) {
        case 'ipv4':
          return this.writer.typedef(kind, this.#typedef({ name: '__be32', size: 4 }));
        case 'ipv6':
          return this.writer.typedef(kind, this.#bytes(16));
        case 'mac':
          return this.writer.typedef(kind, this.#bytes(6));
        default:
          return this.#prefix(kind, kind === 'cidr4' ? 'ipv4' : 'ipv6');
      }
    });
  }

  #prefix(name: CidrType['kind'], address: 'ipv4' | 'ipv6'): number {
    const members = [
      { name: 'prefixlen', type: this.#typedef({ name: '__u32', size: 4 }), offset: 0 },
      { name: 'address', type: this.#address(address), offset: 32 },
    ];
    return this.writer.composite('Struct', name, { size: name === 'cidr4' ? 8 : 20, members });
  }

  /** The kernel finds it by name and size; what a pointer points to it knows itself. */
  #kernel({ name, tag, size, alignment }: KernelType): number {
    if (tag === undefined)
      return this.#once(`struct ${name}`, () => {
        const word = this.#typedef({ name: `__u${alignment * 8}`, size: alignment });
        const members = [{ name: '__opaque', type: this.#array(word, size / alignment), offset: 0 }];
        return this.writer.composite('Struct', name, { size, members });
      });
    const struct = this.#once(`struct ${name} *`, () =>
      this.writer.composite('Struct', name, { size: 0, members: [] }),
    );
    return this.writer.pointer(this.writer.typeTag(tag, struct));
  }

  #once(name: string, write: () => number): number {
    const known = this.#named.get(name);
    if (known !== undefined) return known;
    const id = write();
    this.#named.set(name, id);
    return id;
  }
}
