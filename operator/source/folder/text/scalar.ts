/** The value of a plain (unquoted) scalar. */
export type Scalar = string | number | boolean | null;

/** A plain scalar that readers of YAML read differently or inexactly. The message states what to write instead. */
export interface ScalarProblem {
  readonly problem: string;
}

/**
 * A plain scalar, read as kubectl reads it (YAML 1.1 by go-yaml v2) and as YAML 1.2 reads it: the value where both agree.
 * Where they differ, neither counts: 010 is 8 to kubectl and 10 to other readers, and a firewall's port must not depend on
 * the reader.
 */
export function readPlain(text: string): Scalar | ScalarProblem {
  const first = text.charCodeAt(0);
  if (first >= 0x31 && first <= 0x39 && text.length <= 15 && allDigits(text)) return Number(text);
  if (isNumeric(first)) return readNumeric(text);
  return WORD_START.test(text) || text === '' ? readWord(text) : text;
}

/** A plain mapping key, which is always text in the end. A number must be in its shortest form, as kubectl turns 1.10 into 1.1. */
export function readPlainKey(text: string): string | ScalarProblem {
  if (text === '<<') return { problem: MERGE };
  const value = readPlain(text);
  if (typeof value === 'string' || typeof value === 'boolean') return String(value);
  if (value === null) return { problem: nameless(text) };
  if (typeof value === 'object') return value;
  if (Number.isInteger(value) && String(value) === text) return text;
  return { problem: `The field name ${text} is read as a number: quote it ("${text}")` };
}

const MERGE = 'Merge keys (<<) are not taken: write the fields out, or use an alias for the whole value';

function nameless(text: string): string {
  return text === ''
    ? 'The field has no name'
    : `The field name ${text} is null: quote it ("${text}") if text is meant`;
}

export function isScalarProblem(value: unknown): value is ScalarProblem {
  return typeof value === 'object' && value !== null && 'problem' in value;
}

/** Words that neither reading takes as text. */
const SAME_WORDS: ReadonlyMap<string, boolean | null> = new Map<string, boolean | null>([
  ...['true', 'True', 'TRUE'].map(word => [word, true] as const),
  ...['false', 'False', 'FALSE'].map(word => [word, false] as const),
  ...['', '~', 'null', 'Null', 'NULL'].map(word => [word, null] as const),
]);

/** Booleans of YAML 1.1 alone. */
const OLD_TRUE = /^(?:y|Y|yes|Yes|YES|on|On|ON)$/;
const OLD_FALSE = /^(?:n|N|no|No|NO|off|Off|OFF)$/;
const WORD_START = /^[yYnNtTfFoO~]/;

function readWord(text: string): Scalar | ScalarProblem {
  const same = SAME_WORDS.get(text);
  if (same !== undefined) return same;
  if (OLD_TRUE.test(text)) return oldBoolean(text, true);
  if (OLD_FALSE.test(text)) return oldBoolean(text, false);
  return text;
}

function oldBoolean(text: string, value: boolean): ScalarProblem {
  return {
    problem: `${text} is read as ${value} by kubectl: quote it ("${text}") if text is meant, or write ${value}`,
  };
}

/** Digits, signs and the dot begin numbers in both readings. */
function isNumeric(code: number): boolean {
  return (code >= 0x30 && code <= 0x39) || code === 0x2b || code === 0x2d || code === 0x2e;
}

function allDigits(text: string): boolean {
  for (let index = 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code < 0x30 || code > 0x39) return false;
  }
  return true;
}

const SPECIAL_FLOAT = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const COULD_BE_NUMBER = /^[-+.0-9][-+.0-9a-fA-FxXoO_]*$/;

function readNumeric(text: string): Scalar | ScalarProblem {
  if (SPECIAL_FLOAT.test(text))
    return { problem: `${text} is no number that JSON can carry: quote it ("${text}") if text is meant` };
  if (!COULD_BE_NUMBER.test(text)) return text;
  const old = oldNumber(text);
  const plain = plainNumber(text);
  if (old === undefined && plain === undefined) return text;
  if (old === undefined)
    return { problem: `${text} is read as text by kubectl and as a number elsewhere: quote it ("${text}")` };
  if (Number.isInteger(old) && !Number.isSafeInteger(old)) {
    return { problem: `${text} is beyond 2^53-1 and would be rounded on its way: quote it ("${text}")` };
  }
  if (plain === undefined || old !== plain) {
    return {
      problem: `${text} is read as ${old} by kubectl: quote it ("${text}") if text is meant, or write ${old}`,
    };
  }
  return plain === 0 ? 0 : plain;
}

const OLD_INTEGER = /^([-+]?)(?:(0[xX][0-9a-fA-F]+)|(0[bB][01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
const OLD_FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
/** go-yaml passes the text after 0b to a parser that accepts a sign of its own. */
const OLD_SIGNED_BINARY = /^0b([-+][01]+)$/;
/** go-yaml passes text with a leading dot to Go's ParseFloat, which accepts only single underscores between digits. */
const DOT_WITH_UNDERSCORE = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/;

/** resolve() of go.yaml.in/yaml/v2, which sigs.k8s.io/yaml and so kubectl use: the number, or undefined for text. */
function oldNumber(text: string): number | undefined {
  if (text.startsWith('.')) return finite(DOT_WITH_UNDERSCORE.test(text) ? text.replaceAll('_', '') : text);
  const digits = text.replaceAll('_', '');
  const integer = OLD_INTEGER.exec(digits);
  if (integer !== null) return oldInteger(integer);
  const signed = OLD_SIGNED_BINARY.exec(digits);
  if (signed !== null) return Number.parseInt(signed[1]!, 2);
  return finite(digits);
}

function oldInteger([, sign, hex, binary, octal, decimal]: RegExpExecArray): number {
  const magnitude = octal === undefined ? Number(hex ?? binary ?? decimal) : Number.parseInt(octal, 8);
  return sign === '-' ? -magnitude : magnitude;
}

/** A float that is out of range stays text in Go. */
function finite(digits: string): number | undefined {
  const value = OLD_FLOAT.test(digits) ? Number(digits) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

const PLAIN_NUMBER =
  /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0x[0-9a-fA-F]+|0o[0-7]+)$/;

/** The core schema of YAML 1.2. */
function plainNumber(text: string): number | undefined {
  return PLAIN_NUMBER.test(text) ? Number(text) : undefined;
}
