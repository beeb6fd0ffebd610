/** The start of a hash. */
const SEED = 0x2545f491;

/** The hash of a key's bytes. Short keys that differ in one bit get distant hashes. */
export function hashOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let mixed = SEED;
  for (let at = from; at < to; at++) mixed = Math.imul(mixed ^ (mixed >>> 15) ^ bytes[at]!, 0x9e3779b1);
  return finished(mixed);
}

/** The hash of a key's words, four bytes at a time. It differs from the hash of the bytes. */
export function hashOfWords(words: Uint32Array, from: number, to: number): number {
  let mixed = SEED;
  for (let at = from; at < to; at++) mixed = Math.imul(mixed ^ (mixed >>> 15) ^ words[at]!, 0x9e3779b1);
  return finished(mixed);
}

/** Mixes every bit into the lowest ones, which number the slots of a table. */
function finished(mixed: number): number {
  const most = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return most ^ (most >>> 13);
}
