import { printable } from '../../api/text/printable.ts';
import type { Terminal } from '../command.ts';
import { colourOf } from './colour.ts';

/** A note on stderr: what is written to a file stays clean. */
export function note(terminal: Terminal, message: string): void {
  terminal.error(`${colourOf(terminal, 'error').warn('Note:')} ${printable(message)}\n`);
}
