/**
 * Bytes one after the other, as a call of C takes those of many items: a piece of memory that is filled again and again, so
 * that it stays in the processor's cache. What is larger than it all is not copied, but lent.
 */
export class Arena {
  #own: Buffer;
  #lent: Uint8Array | undefined;
  #used = 0;

  constructor(size: number) {
    this.#own = Buffer.allocUnsafeSlow(size);
  }

  get bytes(): Uint8Array {
    return this.#lent ?? this.#own;
  }

  get size(): number {
    return this.#used;
  }

  /** Whether so many bytes fit; anything does while there is nothing else. */
  fits(length: number): boolean {
    return this.#used === 0 || this.#used + length <= this.#own.length;
  }

  /** The offset at which they are. */
  put(bytes: Uint8Array): number {
    const offset = this.#used;
    if (offset + bytes.length > this.#own.length) this.#lent = bytes;
    else this.#own.set(bytes, offset);
    this.#used += bytes.length;
    return offset;
  }

  /** Makes room for what is put in pieces, where `fits` allowed it. */
  grow(length: number): void {
    if (this.#used + length > this.#own.length) this.#own = Buffer.allocUnsafeSlow(length);
  }

  /** The offset at which it is, with a NUL behind it. */
  putText(text: string): number {
    const offset = this.#used;
    const end = offset + this.#own.write(text, offset);
    this.#own[end] = 0;
    this.#used = end + 1;
    return offset;
  }

  clear(): void {
    this.#lent = undefined;
    this.#used = 0;
  }
}

/** Texts one after the other, each with its NUL: paths hold bytes beyond ASCII where the bpffs does. */
export function textsOf(texts: readonly string[]): Buffer {
  return Buffer.from(texts.length === 0 ? '' : `${texts.join('\0')}\0`);
}

/** Bytes that `putText` takes at most: three for each UTF-16 unit. */
export function textBytes(text: string): number {
  return 3 * text.length + 1;
}
