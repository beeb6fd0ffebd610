import { BTF_HEADER_SIZE, BTF_KIND_FLAG, BTF_KINDS, BTF_MAGIC, BTF_VERSION, type BtfKind } from './kinds.ts';

/** A member of a struct or a union that is written. */
export interface WrittenMember {
  readonly name: string;
  readonly type: number;
  /** In bits. */
  readonly offset: number;
  /** Of a bit-field. */
  readonly bits?: number;
}

/** `signed`: the flag of Linux 6.0 and newer, which an older kernel refuses. */
interface WrittenEnum {
  readonly size: number;
  readonly signed: boolean;
  readonly enumerators: readonly { readonly name: string; readonly value: bigint }[];
}

/** KSYM_NAME_LEN with its NUL, before 6.1 (b8a94bfb3395). */
const LONGEST_NAME = 127;

/**
 * BTF as it grows. Each method adds a type and answers its id. Types come after those that they are made of: the kernel follows
 * 32 of them at once (MAX_RESOLVE_DEPTH), but none that it knows already. In this machine's order of bytes, as the kernel wants it.
 */
export class BtfWriter {
  readonly #words: number[] = [];
  readonly #names = new Map<string, number>([['', 0]]);
  #text = '\0';
  #count = 0;

  /** `encoding`: of BTF_INT. */
  int(name: string, size: number, encoding = 0): number {
    const id = this.#add('Int', { name, last: size });
    this.#words.push(encoding * 2 ** 24 + size * 8);
    return id;
  }

  pointer(to: number): number {
    return this.#add('Pointer', { last: to });
  }

  typeTag(name: string, type: number): number {
    return this.#add('TypeTag', { name, last: type });
  }

  typedef(name: string, type: number): number {
    return this.#add('Typedef', { name: this.#fits(name) ? name : 'long_name', last: type });
  }

  array(element: number, index: number, length: number): number {
    const id = this.#add('Array', { last: 0 });
    this.#words.push(element, index, length);
    return id;
  }

  /** A name that is too long for the kernel is left out. */
  composite(
    kind: 'Struct' | 'Union',
    name: string,
    { size, members }: { readonly size: number; readonly members: readonly WrittenMember[] },
  ): number {
    const flag = members.some(({ bits }) => bits !== undefined);
    const id = this.#add(kind, { name: this.#short(name), flag, count: members.length, last: size });
    for (const { name: member, type, offset, bits = 0 } of members)
      this.#words.push(this.#name(this.#short(member)), type, flag ? bits * 2 ** 24 + offset : offset);
    return id;
  }

  /** Enumerators whose name is too long for the kernel are left out, as each needs one. 8 bytes: Linux 6.0 and newer. */
  enumeration(name: string, { size, signed, enumerators }: WrittenEnum): number {
    const named = enumerators.filter(each => this.#fits(each.name));
    const kind = size === 8 ? 'Enum64' : 'Enum';
    const id = this.#add(kind, { name: this.#short(name), flag: signed, count: named.length, last: size });
    for (const each of named) {
      const low = Number(BigInt.asUintN(32, each.value));
      this.#words.push(this.#name(each.name), low);
      if (size === 8) this.#words.push(Number(BigInt.asUintN(32, each.value >> 32n)));
    }
    return id;
  }

  bytes(): Uint8Array {
    const types = this.#words.length * 4;
    const names = new TextEncoder().encode(this.#text);
    const all = new Uint8Array(BTF_HEADER_SIZE + types + names.length);
    new Uint16Array(all.buffer, 0, 1)[0] = BTF_MAGIC;
    all[2] = BTF_VERSION;
    new Uint32Array(all.buffer, 4, 5).set([BTF_HEADER_SIZE, 0, types, types, names.length]);
    new Uint32Array(all.buffer, BTF_HEADER_SIZE, this.#words.length).set(this.#words);
    all.set(names, BTF_HEADER_SIZE + types);
    return all;
  }

  #add(
    kind: BtfKind,
    {
      name = '',
      flag = false,
      count = 0,
      last,
    }: {
      readonly name?: string;
      readonly flag?: boolean;
      readonly count?: number;
      /** A size or a type's id. */
      readonly last: number;
    },
  ): number {
    this.#words.push(this.#name(name), (flag ? BTF_KIND_FLAG : 0) + BTF_KINDS[kind] * 2 ** 24 + count, last);
    this.#count += 1;
    return this.#count;
  }

  #name(name: string): number {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const offset = this.#text.length;
    this.#names.set(name, offset);
    this.#text += `${name}\0`;
    return offset;
  }

  #fits(name: string): boolean {
    return name.length <= LONGEST_NAME;
  }

  #short(name: string): string {
    return this.#fits(name) ? name : '';
  }
}
