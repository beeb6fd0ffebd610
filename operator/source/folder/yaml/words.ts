import type { ErrorCode } from 'yaml';
import type { TextProblem } from '../text/split.ts';

/** An error as the yaml package tells it. */
export interface PackageError {
  readonly code: ErrorCode;
  readonly offset: number;
  readonly message: string;
}

/** An error of the yaml package in our words, at the place of the mistake: the package tells where it noticed. */
export function inOurWords(text: string, error: PackageError): TextProblem {
  const { code, offset, message } = error;
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return nestedValue(text, offset);
  const open = /(?:Flow (?:sequence|map)).* end with a ([\]}])/.exec(message)?.[1];
  if (open !== undefined) return unclosed(text, offset, open);
  const quote = /Missing closing (["'])/.exec(message)?.[1];
  if (quote !== undefined)
    return {
      offset: Math.max(0, text.lastIndexOf(quote, offset - 1)),
      message: `The text that begins here has no end: close it with ${quote}`,
    };
  return { offset, message: wordsOf(text, error) };
}

/** `a: b: c`, or a field that is indented deeper than the one above it, which has its value already. */
function nestedValue(text: string, offset: number): TextProblem {
  const end = lineEnd(text, offset);
  const line = text.slice(offset, end);
  const next = /\n[ \t]*(?=[^\s#])/g;
  next.lastIndex = end;
  if (/:(?: |$)/.test(line) || !next.test(text))
    return { offset, message: 'A value with a colon and a space in it must be quoted' };
  const message = 'Indented deeper than the field above, which has its value: align the two';
  return { offset: next.lastIndex, message };
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
}

/** The bracket that nothing closes: the last one before that has no partner. */
function unclosed(text: string, offset: number, end: string): TextProblem {
  const begin = end === ']' ? '[' : '{';
  let level = 0;
  for (let at = Math.min(offset, text.length) - 1; at >= 0; at--) {
    if (text[at] === end) level++;
    if (text[at] !== begin || level-- > 0) continue;
    return { offset: at, message: `This ${begin} has no end: close it with ${end}` };
  }
  return { offset, message: `Something before this has no end: close it with ${end}` };
}

function wordsOf(text: string, { code, offset, message }: PackageError): string {
  const special = SPECIAL.find(([part]) => message.startsWith(part))?.[1];
  if (special !== undefined) return special;
  const character = text[offset] ?? '';
  switch (code) {
    case 'MULTILINE_IMPLICIT_KEY':
      if (character === '-') return 'A list item stands where a field must stand: indent it below its field';
      return 'Is no field: write its name, a colon and a space';
    case 'BAD_INDENT':
      return 'Indented otherwise than what it stands beside: align the two';
    case 'TAB_AS_INDENT':
      return 'Indented by a tab: use spaces';
    case 'BAD_DQ_ESCAPE':
      return `${text.slice(offset, offset + 2)} means nothing in double quotes: write \\\\ for a backslash, or use single quotes`;
    case 'BAD_SCALAR_START':
      return `Text that begins with ${character} must be quoted`;
    case 'BLOCK_IN_FLOW':
      return 'A comma is missing behind this';
    case 'KEY_OVER_1024_CHARS':
      return 'A field name must not have more than 1024 characters';
    default:
      return WORDS[code] ?? 'Cannot stand here: quote it if it is text';
  }
}

const WORDS: Partial<Record<ErrorCode, string>> = {
  MULTIPLE_ANCHORS: 'A value must not have two anchors: keep one of them',
  MULTIPLE_TAGS: 'Tags are not taken: write the value itself, quoted if it is text',
  BAD_ALIAS: 'An anchor or an alias has no name: name it, or quote the text that is meant',
  ALIAS_PROPS: 'An alias stands for a whole value: leave out what stands before it',
  MISSING_CHAR: 'A comma or a colon is missing before this',
};

/** By the beginning of the package's message, where its code says too little. */
const SPECIAL: readonly (readonly [string, string])[] = [
  ['Implicit map keys', 'Is a field without a value: write a colon behind its name'],
  [
    'Sequence item without',
    'Stands among list items and is none: begin it with a dash, or align it with the fields above',
  ],
  ['Missing space after', 'A space is missing'],
  ['Block scalar header', 'Only a digit, + and - may stand behind | and >'],
  [
    'Unexpected scalar at node end',
    'Follows a value that is complete: quote the whole, or put it on a line of its own',
  ],
  ['Unexpected ,', 'A comma stands where a value must stand: leave it out'],
  ['Unexpected flow-seq-end', 'This ] closes nothing: leave it out'],
  ['Unexpected flow-map-end', 'This } closes nothing: leave it out'],
];
