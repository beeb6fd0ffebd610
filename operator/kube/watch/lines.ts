const NEWLINE = 10;
/** An object in etcd has at most 1.5 MiB: a longer line is no event. */
const LONGEST_LINE = 32 * 1024 * 1024;

/** Splits chunks into lines, as bytes: a character may be divided between two chunks. */
export class LineSplitter {
  #parts: Uint8Array[] = [];
  #length = 0;

  /** The lines that this chunk completes. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#complete(chunk.subarray(start, end));
      start = end + 1;
      if (line.length > 0) yield line;
    }
    this.#append(chunk.subarray(start));
  }

  /** Bytes of the line that has not ended yet. */
  get pending(): number {
    return this.#length;
  }

  #complete(end: Uint8Array): Uint8Array {
    if (this.#length === 0) return end;
    this.#append(end);
    const line = Buffer.concat(this.#parts, this.#length);
    this.#parts = [];
    this.#length = 0;
    return line;
  }

  #append(part: Uint8Array): void {
    if (part.length === 0) return;
    this.#length += part.length;
    if (this.#length > LONGEST_LINE)
      throw new Error(`Cannot read a watch: a line is longer than ${LONGEST_LINE} bytes`);
    this.#parts.push(part);
  }
}
