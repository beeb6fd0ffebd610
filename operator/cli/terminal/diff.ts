import type { Terminal } from '../command.ts';
import { colourOf } from './colour.ts';

/** The lines of a diff: what is added green, what is removed red, what changes yellow. */
export function paintedDiff(lines: readonly string[], terminal: Terminal): string {
  const { good, bad, warn } = colourOf(terminal, 'out');
  const paint = (line: string) => {
    const sign = line.trimStart()[0];
    if (sign === '+') return good(line);
    if (sign === '-') return bad(line);
    return sign === '~' ? warn(line) : line;
  };
  return lines.map(line => `${paint(line)}\n`).join('');
}
