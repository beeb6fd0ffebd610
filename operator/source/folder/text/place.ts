/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A line whose number is known: counting from there saves counting a long file from its beginning for every place. */
export interface LineStart {
  readonly offset: number;
  readonly line: number;
}

/** The position of an offset, counted from a line at or before it. */
export function positionOf(text: string, offset: number, base: LineStart = START): Position {
  let line = base.line;
  let lineStart = base.offset;
  for (;;) {
    const next = text.indexOf('\n', lineStart);
    if (next === -1 || next >= offset) break;
    line++;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

const START: LineStart = { offset: 0, line: 1 };
