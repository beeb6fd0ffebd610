/** A place in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A line whose number is known: long files are not counted from their beginning for every place in them. */
export interface LineStart {
  readonly offset: number;
  readonly line: number;
}

/** Where an offset lies, counted from a line at or before it. */
export function positionOf(text: string, offset: number, base: LineStart = START): Position {
  let line = base.line;
  let lineStart = base.offset;
  for (
    let next = text.indexOf('\n', lineStart);
    next !== -1 && next < offset;
    next = text.indexOf('\n', lineStart)
  ) {
    line++;
    lineStart = next + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

const START: LineStart = { offset: 0, line: 1 };
