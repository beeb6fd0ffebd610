/** A digest of a set of uids that does not depend on their order and follows each change at once. */
export class SetDigest {
  #count = 0;
  readonly #sums = new Uint32Array(4);

  add(uid: string): void {
    this.#count++;
    for (const [lane, word] of words(uid).entries()) this.#sums[lane]! += word;
  }

  delete(uid: string): void {
    this.#count--;
    for (const [lane, word] of words(uid).entries()) this.#sums[lane]! -= word;
  }

  get text(): string {
    const sums = Array.from(this.#sums, sum => sum.toString(16).padStart(8, '0'));
    return `${this.#count}-${sums.join('')}`;
  }
}

const SEEDS = [0x2545f491, 0x9e3779b1, 0x85ebca6b, 0xc2b2ae35];

/** Uids are random, and given by the server: nobody chooses them so that sums meet. */
function words(uid: string): readonly number[] {
  return SEEDS.map(seed => {
    let mixed = seed;
    for (let at = 0; at < uid.length; at++) mixed = Math.imul(mixed ^ uid.charCodeAt(at), 0x01000193);
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
    return (mixed ^ (mixed >>> 13)) >>> 0;
  });
}
