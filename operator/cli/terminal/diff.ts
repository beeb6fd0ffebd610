import type { Terminal } from '../command.ts';
import { colourOf } from './colour.ts';

/** As a diff is: what comes green, what goes red, what becomes another yellow. Ends with a line end. */
export function paintedDiff(text: string, terminal: Terminal): string {
  const { good, bad, warn } = colourOf(terminal, 'out');
  const paint = (line: string) => {
    const sign = line.trimStart()[0];
    if (sign === '+') return good(line);
    if (sign === '-') return bad(line);
    return sign === '~' ? warn(line) : line;
  };
  const ended = text.endsWith('\n') ? text.slice(0, -1) : text;
  return `${ended.split('\n').map(paint).join('\n')}\n`;
}
