/** Small copies share memory of this size: each buffer of its own costs an allocation and a finalizer. */
const SLAB_BYTES = 256 * 1024;

let slab = new Uint8Array(0);
let used = 0;

/** A copy of the first bytes. Copies lie on words' boundaries, so that they can be compared by words. */
export function copied(bytes: Uint8Array, length: number): Uint8Array {
  if (length > SLAB_BYTES / 8) return bytes.slice(0, length);
  if (used + length > slab.length) {
    slab = new Uint8Array(SLAB_BYTES);
    used = 0;
  }
  const copy = slab.subarray(used, used + length);
  copy.set(bytes.subarray(0, length));
  used = Math.ceil((used + length) / 8) * 8;
  return copy;
}
