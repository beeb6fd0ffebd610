import { styleText } from 'node:util';
import type { Terminal } from '../command.ts';

/** For what is written to `stream`: plain text unless that is a terminal that wants colour. */
export function colourOf(terminal: Terminal, stream: 'out' | 'error') {
  const wanted = wantsColour(terminal, stream);
  const painted = (format: Parameters<typeof styleText>[0]) => (text: string) =>
    wanted ? styleText(format, text, { validateStream: false }) : text;
  return {
    good: painted('green'),
    bad: painted('red'),
    warn: painted('yellow'),
    strong: painted('bold'),
    faint: painted('dim'),
  };
}

/** NO_COLOR counts where it is not empty (no-color.org). */
function wantsColour(terminal: Terminal, stream: 'out' | 'error'): boolean {
  const { env } = terminal;
  if ((env['NO_COLOR'] ?? '') !== '') return false;
  return env['TERM'] !== 'dumb' && (stream === 'out' ? terminal.outIsTerminal : terminal.errorIsTerminal);
}
