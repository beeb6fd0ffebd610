/** Where a key's hash starts. */
const SEED = 0x2545f491;

/** Of a key's bytes: short keys that differ in one bit land far from each other. */
export function hashOfBytes(bytes: Uint8Array, from: number, to: number): number {
  let mixed = SEED;
  for (let at = from; at < to; at++) mixed = Math.imul(mixed ^ (mixed >>> 15) ^ bytes[at]!, 0x9e3779b1);
  return finished(mixed);
}

/** Of a key's words: four bytes at a time, another hash than that of the bytes. */
export function hashOfWords(words: Uint32Array, from: number, to: number): number {
  let mixed = SEED;
  for (let at = from; at < to; at++) mixed = Math.imul(mixed ^ (mixed >>> 15) ^ words[at]!, 0x9e3779b1);
  return finished(mixed);
}

/** Every bit to every other: the slots of a table are the lowest bits. */
function finished(mixed: number): number {
  const most = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  return most ^ (most >>> 13);
}
