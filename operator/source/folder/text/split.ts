import { type LineStart, positionOf } from './place.ts';

/** One document of a stream: the range of its text, without the markers. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
  /** The line in which it begins, and that line's offset. */
  readonly base: LineStart;
}

export interface TextProblem {
  readonly offset: number;
  readonly message: string;
}

/**
 * Cuts a stream at its `---` lines before anything is parsed, as kubectl does: a broken document spoils no other.
 * kubectl drops the text that follows `---` on its line or `...`; both are problems here, and nothing is lost unnoticed.
 */
export function splitDocuments(text: string): {
  readonly chunks: readonly Chunk[];
  readonly problems: readonly TextProblem[];
} {
  const chunks: Chunk[] = [];
  const problems: TextProblem[] = [];
  let start = 0;
  let base: LineStart = { offset: 0, line: 1 };
  for (const mark of text.matchAll(MARK)) {
    const message = markProblem(mark[0], text, mark.index);
    if (message !== undefined) problems.push({ offset: mark.index, message });
    if (!mark[0].startsWith('---')) continue;
    chunks.push({ start, end: mark.index, base });
    start = mark.index + mark[0].length;
    base = { offset: mark.index, line: positionOf(text, mark.index, base).line };
  }
  chunks.push({ start, end: text.length, base });
  return { chunks, problems };
}

const MARK = /^(?:---|\.\.\.(?=[ \t]*$|[ \t]+#)|%).*$/gm;
const BARE = /^(?:---|\.\.\.)[ \t]*(?:$|[ \t]#)/;
/** Blank lines and comments, which may follow `...` before the next document or the end. */
const NOTHING_MORE = /(?:[ \t]*(?:#.*)?(?:\n|$))*/y;

function markProblem(line: string, text: string, offset: number): string | undefined {
  if (line.startsWith('%')) return 'Directives (%) are not taken by kubectl: leave the line out';
  if (!BARE.test(line)) return 'kubectl drops what follows --- on its line: put it on the next';
  if (line.startsWith('---')) return undefined;
  NOTHING_MORE.lastIndex = offset + line.length;
  NOTHING_MORE.exec(text);
  const rest = NOTHING_MORE.lastIndex;
  if (rest >= text.length || text.startsWith('---', rest)) return undefined;
  return 'kubectl drops what follows a line of dots: begin the next document with ---';
}
