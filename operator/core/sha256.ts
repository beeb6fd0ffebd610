import { hex } from './hex.ts';

/** SHA-256 (FIPS 180-4) of bytes or UTF-8 text, as hexadecimal text. For names and tokens: small inputs. */
export function sha256(input: Uint8Array | string): string {
  const bytes = typeof input === 'string' ? new TextEncoder().encode(input) : input;
  const state = new Uint32Array(INITIAL);
  const words = new Uint32Array(64);
  const view = new DataView(padded(bytes).buffer);
  for (let at = 0; at < view.byteLength; at += 64) compress(state, words, view, at);
  const digest = new Uint8Array(32);
  const out = new DataView(digest.buffer);
  for (let word = 0; word < 8; word++) out.setUint32(4 * word, state[word]!);
  return hex(digest);
}

/** The message, a one bit, zeros, and the length in bits: a multiple of 64 bytes. */
function padded(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
  all.set(bytes);
  all[bytes.length] = 0x80;
  const view = new DataView(all.buffer);
  view.setUint32(all.length - 8, Math.floor(bytes.length / 0x2000_0000));
  view.setUint32(all.length - 4, (bytes.length * 8) >>> 0);
  return all;
}

function compress(state: Uint32Array, words: Uint32Array, block: DataView, at: number): void {
  for (let word = 0; word < 16; word++) words[word] = block.getUint32(at + 4 * word);
  for (let word = 16; word < 64; word++) {
    const near = words[word - 15]!;
    const far = words[word - 2]!;
    const sigma0 = rotated(near, 7) ^ rotated(near, 18) ^ (near >>> 3);
    const sigma1 = rotated(far, 17) ^ rotated(far, 19) ^ (far >>> 10);
    words[word] = words[word - 16]! + sigma0 + words[word - 7]! + sigma1;
  }
  const next = rounds(state, words);
  for (let word = 0; word < 8; word++) state[word] = state[word]! + next[word]!;
}

function rounds(state: Uint32Array, words: Uint32Array): readonly number[] {
  let [a, b, c, d, e, f, g, h] = state as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  for (let round = 0; round < 64; round++) {
    const sum1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const first = (h + sum1 + ((e & f) ^ (~e & g)) + ROUND[round]! + words[round]!) | 0;
    const sum0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const second = (sum0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
  }
  return [a, b, c, d, e, f, g, h];
}

function rotated(word: number, by: number): number {
  return (word >>> by) | (word << (32 - by));
}

/** The first 32 bits of the fractional parts of the n-th primes' roots: square roots start, cube roots add. */
const PRIMES = primes(64);
const INITIAL = PRIMES.slice(0, 8).map(prime => fraction(Math.sqrt(prime)));
const ROUND = PRIMES.map(prime => fraction(Math.cbrt(prime)));

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 0x1_0000_0000);
}

function primes(count: number): readonly number[] {
  const found: number[] = [];
  for (let candidate = 2; found.length < count; candidate++) {
    if (found.every(prime => candidate % prime !== 0)) found.push(candidate);
  }
  return found;
}
