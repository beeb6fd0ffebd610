import { problemText } from '../../api/problem.ts';
import type { Type } from '../types/type.ts';
import { decode } from './decode.ts';
import { encode } from './encode.ts';
import { structText } from './structtext.ts';
import { ValueProblem } from './value.ts';

/** A key in bytes, or its problem. */
export type KeyBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string };

/** The one spelling of a key in access rules, columns, messages and logs: `10.1.0.7`, `port=443,proto=6`. */
export function keyText(type: Type, bytes: Uint8Array, at = 0): string {
  if (type.kind === 'struct' || type.kind === 'array') return structText(type, bytes, at);
  return String(decode(type, bytes, at));
}

/** The bytes of a key in any spelling that its type takes. */
export function keyBytes(type: Type, key: unknown): KeyBytes {
  const bytes = new Uint8Array(type.size);
  try {
    encode(type, key, bytes, 0);
    return { ok: true, bytes };
  } catch (problem) {
    if (!(problem instanceof ValueProblem)) throw problem;
    return { ok: false, message: problemText(problem) };
  }
}
