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
  for (let at = 0; at < bytes.length; at++) bytes[at] = Number.parseInt(text.slice(2 * at, 2 * at + 2), 16);
  return bytes;
}
