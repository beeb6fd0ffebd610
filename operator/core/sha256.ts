import { hash } from 'node:crypto';

/** SHA-256 of bytes or UTF-8 text, as hexadecimal text. The one module of Node's that core has: it is a pure function. */
export function sha256(input: Uint8Array | string): string {
  return hash('sha256', input, 'hex');
}
