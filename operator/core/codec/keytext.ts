import { problemText } from '../../api/problem.ts';
import { rawText } from '../scalar/hex.ts';
import { hasDirtyPadding } from '../types/padding.ts';
import { hasFields } from '../types/path.ts';
import type { Type } from '../types/type.ts';
import { decode } from './decode.ts';
import { encodeOntoZeros } from './encode.ts';
import { structText } from './structtext.ts';
import { type Value, ValueProblem } from './value.ts';

/** A key in bytes, or its problem. */
export type KeyBytes =
  | { readonly ok: true; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly message: string };

/**
 * The one spelling of a key in access rules, columns, messages and logs: `10.1.0.7`, `port=443,proto=6`; every byte, as
 * `raw:01bb0601`, where padding tells it from another key.
 */
export function keyText(type: Type, bytes: Uint8Array, at = 0): string {
  if (hasDirtyPadding(type, bytes, at)) return rawText(bytes, at, type.size);
  return valueText(type, bytes, at);
}

/** A value on one line. Padding means nothing in a value. */
export function valueText(type: Type, bytes: Uint8Array, at = 0): string {
  if (hasFields(type) || type.kind === 'array') return structText(type, bytes, at);
  return String(decode(type, bytes, at));
}

/** A key as `get` and `export` show it: an object, or text with every byte where padding tells it from another key. */
export function decodeKey(type: Type, bytes: Uint8Array, at: number): Value {
  return hasDirtyPadding(type, bytes, at) ? rawText(bytes, at, type.size) : decode(type, bytes, at);
}

/** The bytes of a key in any spelling that its type takes. */
export function keyBytes(type: Type, key: unknown): KeyBytes {
  const bytes = new Uint8Array(type.size);
  try {
    encodeOntoZeros(type, key, bytes, 0);
    return { ok: true, bytes };
  } catch (problem) {
    if (!(problem instanceof ValueProblem)) throw problem;
    return { ok: false, message: problemText(problem) };
  }
}
