/** Whether two runs of bytes are equal. Compares four at a time where both start at a multiple of four. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let at = 0;
  if (a.byteOffset % 4 === 0 && b.byteOffset % 4 === 0) {
    const words = a.length >>> 2;
    const left = new Uint32Array(a.buffer, a.byteOffset, words);
    const right = new Uint32Array(b.buffer, b.byteOffset, words);
    for (let word = 0; word < words; word++) if (left[word] !== right[word]) return false;
    at = 4 * words;
  }
  for (; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The same for runs of `length` bytes inside longer ones. */
export function equalRun(a: Uint8Array, aAt: number, b: Uint8Array, bAt: number, length: number): boolean {
  for (let byte = 0; byte < length; byte++) if (a[aAt + byte] !== b[bAt + byte]) return false;
  return true;
}
