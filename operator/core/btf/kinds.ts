/**
 * The format of BTF: include/uapi/linux/btf.h. A header, the types one after the other, their names.
 * A type begins with three words: the offset of its name, its info, and its size or the type that it is made of.
 */
export const BTF_MAGIC = 0xeb9f;
export const BTF_VERSION = 1;
/** Magic, version, flags; then as words: header's length, offset and length of the types, offset and length of the names. */
export const BTF_HEADER_SIZE = 24;
export const BTF_TYPE_SIZE = 12;
/** BTF_MAX_SIZE of the kernel. */
export const BTF_LARGEST = 16 * 1024 * 1024;

/** Bits 24 to 28 of a type's info. */
export const BTF_KINDS = {
  Int: 1,
  Pointer: 2,
  Array: 3,
  Struct: 4,
  Union: 5,
  Enum: 6,
  Forward: 7,
  Typedef: 8,
  Volatile: 9,
  Const: 10,
  Restrict: 11,
  Function: 12,
  Prototype: 13,
  Variable: 14,
  Section: 15,
  Float: 16,
  DeclarationTag: 17,
  TypeTag: 18,
  Enum64: 19,
} as const;

export type BtfKind = keyof typeof BTF_KINDS;

/** Bit 31 of a type's info: members of a struct have bit-field sizes, an enum has signed values. */
export const BTF_KIND_FLAG = 0x80000000;

/** Bits 24 to 27 of the word behind an Int. Bits 0 to 7: its bits; 16 to 23: the first of them. */
export const BTF_INT = { Signed: 1, Char: 2, Bool: 4 } as const;

/** Bytes behind a type's three words: `fixed`, and `each` for each of the info's bits 0 to 15. */
export const BTF_BEHIND: Readonly<Record<BtfKind, { readonly fixed: number; readonly each: number }>> = {
  Int: { fixed: 4, each: 0 },
  Pointer: { fixed: 0, each: 0 },
  // Element, index, length
  Array: { fixed: 12, each: 0 },
  // Name, type, and the offset in bits (with the kind flag bits 0 to 23 of it; 24 to 31 are a bit-field's size)
  Struct: { fixed: 0, each: 12 },
  Union: { fixed: 0, each: 12 },
  // Name, value
  Enum: { fixed: 0, each: 8 },
  Forward: { fixed: 0, each: 0 },
  Typedef: { fixed: 0, each: 0 },
  Volatile: { fixed: 0, each: 0 },
  Const: { fixed: 0, each: 0 },
  Restrict: { fixed: 0, each: 0 },
  Function: { fixed: 0, each: 0 },
  // Name, type
  Prototype: { fixed: 0, each: 8 },
  Variable: { fixed: 4, each: 0 },
  // Variable, offset, size
  Section: { fixed: 0, each: 12 },
  Float: { fixed: 0, each: 0 },
  DeclarationTag: { fixed: 4, each: 0 },
  TypeTag: { fixed: 0, each: 0 },
  // Name, low word, high word
  Enum64: { fixed: 0, each: 12 },
};
