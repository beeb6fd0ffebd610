/** More characters than these are written as a header has them: a line for each field. */
const LONGEST_LINE = 60;

/** A declaration as a person writes it. Spaces and line ends mean nothing in it. */
export function inLines(declaration: string): string {
  if (declaration.length <= LONGEST_LINE) return declaration;
  const lines: string[] = [];
  let depth = 0;
  let line = '';
  const end = (): void => {
    if (line.trim() !== '') lines.push('  '.repeat(depth) + line.trim());
    line = '';
  };
  for (const piece of declaration.split(PIECES)) {
    if (piece === '}') {
      end();
      depth -= 1;
    }
    line += piece;
    if (piece === '{' || piece === ';') end();
    if (piece === '{') depth += 1;
  }
  end();
  return `${lines.join('\n')}\n`;
}

/** Comments and enumerators stay on their line. */
const PIECES = /(\/\*.*?\*\/|enum (?:\w+ )?\{[^}]*\}|[{};])/;
