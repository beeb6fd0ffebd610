import { type LineStart, positionOf } from './place.ts';

/** One document of a stream: where its text begins and ends, markers not included. */
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
 * kubectl drops whatever follows `---` on its line and what follows `...`, so both are told instead of being lost.
 */
export function splitDocuments(text: string): {
  readonly chunks: readonly Chunk[];
  readonly misfits: readonly TextProblem[];
} {
  const chunks: Chunk[] = [];
  const misfits: TextProblem[] = [];
  let start = 0;
  let base: LineStart = { offset: 0, line: 1 };
  for (const mark of text.matchAll(MARK)) {
    const misfit = misfitOf(mark[0], text, mark.index);
    if (misfit !== undefined) misfits.push(misfit);
    if (!mark[0].startsWith('---')) continue;
    chunks.push({ start, end: mark.index, base });
    start = mark.index + mark[0].length;
    base = { offset: mark.index, line: positionOf(text, mark.index, base).line };
  }
  chunks.push({ start, end: text.length, base });
  return { chunks, misfits };
}

const MARK = /^(?:---|\.\.\.(?=[ \t]*$|[ \t]+#)|%).*$/gm;
const BARE = /^(?:---|\.\.\.)[ \t]*(?:$|[ \t]#)/;
/** What may follow `...`: blank lines and comments, then the next document or the end. */
const NOTHING_MORE = /(?:[ \t]*(?:#.*)?(?:\n|$))*/y;

function misfitOf(line: string, text: string, offset: number): TextProblem | undefined {
  if (line.startsWith('%')) {
    return { offset, message: 'Directives (%) are not taken by kubectl: leave the line out' };
  }
  if (!BARE.test(line)) {
    return { offset, message: 'kubectl drops what follows --- on its line: put it on the next' };
  }
  if (line.startsWith('---')) return undefined;
  NOTHING_MORE.lastIndex = offset + line.length;
  NOTHING_MORE.exec(text);
  const rest = NOTHING_MORE.lastIndex;
  const ended = rest >= text.length || text.startsWith('---', rest);
  return ended
    ? undefined
    : { offset, message: 'kubectl drops what follows a line of dots: begin the next document with ---' };
}
