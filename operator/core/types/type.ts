/**
 * A C type with its layout.
 * Sizes, alignments and offsets are in bytes and follow the C ABI of 64-bit Linux (little-endian hosts).
 */
export type Type =
  | IntegerType
  | BoolType
  | TextType
  | BytesType
  | ArrayType
  | StructType
  | EnumType
  | BitsType
  | AddressType
  | CidrType
  | KernelType;

interface Sized {
  readonly size: number;
  readonly alignment: number;
}

export interface IntegerType extends Sized {
  readonly kind: 'integer';
  /** `__be16`, `u32`; `void *` for any pointer; what a typedef stands for, not its name. */
  readonly name: string;
  readonly signed: boolean;
  readonly byteOrder: 'host' | 'network';
}

export interface BoolType extends Sized {
  readonly kind: 'bool';
}

/** `char[N]`: text, NUL-padded. */
export interface TextType extends Sized {
  readonly kind: 'text';
}

/** `u8[N]`: written as hex. */
export interface BytesType extends Sized {
  readonly kind: 'bytes';
}

export interface ArrayType extends Sized {
  readonly kind: 'array';
  readonly element: Type;
  readonly length: number;
}

export interface Field {
  /** Empty for an anonymous struct or union, whose fields are written as its parent's, and for bits that only fill. */
  readonly name: string;
  readonly offset: number;
  readonly type: Type;
  /** Of `__attribute__((aligned(N)))` behind the field. */
  readonly aligned?: number;
  /** Of `__attribute__((packed))` behind the field. */
  readonly packed?: true;
}

/** The fields of a struct lie one behind the other, those of a union all at its start. */
export interface StructType extends Sized {
  readonly kind: 'struct' | 'union';
  readonly tag?: string;
  /** What a typedef calls it. */
  readonly typedef?: string;
  readonly packed: boolean;
  readonly fields: readonly Field[];
  /** The field by which a union is shown; absent: the largest. */
  readonly as?: string;
}

/** A bit-field: `width` bits of `base` from bit `shift` of the bytes at its offset on. `size` counts the bytes that have some of them. */
export interface BitsType extends Sized {
  readonly kind: 'bits';
  readonly base: IntegerType | BoolType | EnumType;
  /** 0 only without a name: what follows begins at the next `base`. */
  readonly width: number;
  readonly shift: number;
}

/** A `__u32` in host order unless the enumerators need 64 bits or a sign, as in C. */
export interface EnumType extends Sized {
  readonly kind: 'enum';
  readonly tag?: string;
  /** What a typedef calls it. */
  readonly typedef?: string;
  /** As small as its enumerators allow. */
  readonly packed?: true;
  readonly signed: boolean;
  readonly enumerators: readonly { readonly name: string; readonly value: bigint }[];
}

export interface AddressType extends Sized {
  readonly kind: 'ipv4' | 'ipv6' | 'mac';
}

/** A key of an LPM trie: host-order u32 prefix length, then the address in network order. */
export interface CidrType extends Sized {
  readonly kind: 'cidr4' | 'cidr6';
}

/** A field of a value that is the kernel's: a lock, a timer, a pointer into the kernel. Nobody in user space writes or reads it. */
export interface KernelType extends Sized {
  readonly kind: 'kernel';
  /** Of the struct: `bpf_spin_lock`; of a pointer the struct that it points to. */
  readonly name: string;
  /** Of a pointer: `kptr`. */
  readonly tag?: string;
}
