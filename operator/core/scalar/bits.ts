/** Some bits of little-endian bytes: `width` from bit `shift` of the first on. */
interface BitRun {
  readonly shift: number;
  readonly width: number;
}

/** The bits as an unsigned number. */
export function readBits({ shift, width }: BitRun, bytes: Uint8Array, at: number): bigint {
  let number = 0n;
  for (let byte = Math.ceil((shift + width) / 8) - 1; byte >= 0; byte -= 1)
    number = (number << 8n) | BigInt(bytes[at + byte]!);
  return BigInt.asUintN(width, number >> BigInt(shift));
}

/** Writes a number's low bits into bits that are zero. */
export function writeBits({ shift, width }: BitRun, number: bigint, into: Uint8Array, at: number): void {
  let rest = BigInt.asUintN(width, number) << BigInt(shift);
  for (let byte = at; rest > 0n; byte += 1) {
    into[byte]! |= Number(rest & 0xffn);
    rest >>= 8n;
  }
}
