const DIGITS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

/** Two lower-case digits a byte. */
export function hex(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  let text = '';
  for (let at = from; at < to; at++) text += DIGITS[bytes[at]!];
  return text;
}

/** The inverse of `hex`; undefined where the text is not pairs of hexadecimal digits. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return undefined;
  const bytes = new Uint8Array(text.length / 2);
  putHex(text, bytes, 0);
  return bytes;
}

/** Writes the bytes that pairs of hexadecimal digits spell. */
export function putHex(text: string, into: Uint8Array, at: number): void {
  for (let from = 0; from < text.length; from += 2)
    into[at + from / 2] = digitAt(text, from) * 16 + digitAt(text, from + 1);
}

function digitAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return (code & 0xf) + 9 * (code >> 6);
}
