import { suggestion } from '../api/nearest.ts';
import { printable } from '../api/text/printable.ts';
import { AGENT } from './agent.ts';
import { HELP } from './arguments/options.ts';
import { parseArguments } from './arguments/parse.ts';
import { CLEAN } from './clean.ts';
import { type Command, EXIT, type Ports, type Terminal, UsageError } from './command.ts';
import { CONTROLLER } from './controller.ts';
import { EXPORT } from './export.ts';
import { GET } from './get.ts';
import { PLAN } from './plan.ts';
import { STATUS } from './status.ts';
import { colourOf } from './terminal/colour.ts';
import { commandHelp, overview } from './terminal/help.ts';
import { TYPES } from './types/types.ts';
import { VALIDATE } from './validate.ts';

export const COMMANDS: readonly Command[] = [
  AGENT,
  CONTROLLER,
  PLAN,
  VALIDATE,
  GET,
  EXPORT,
  TYPES,
  STATUS,
  CLEAN,
];

/** Runs one command line and returns the exit code. An error is reported on stderr, never thrown. */
export async function runCommandLine(args: readonly string[], ports: Ports): Promise<number> {
  try {
    return await dispatch(args, ports);
  } catch (error) {
    report(error, ports.terminal);
    return EXIT.error;
  }
}

async function dispatch(args: readonly string[], ports: Ports): Promise<number> {
  const { terminal } = ports;
  const [word, ...rest] = args;
  if (word === undefined) {
    terminal.error(overview(COMMANDS, terminal));
    return EXIT.error;
  }
  if (word === '--version' || word === 'version')
    return say(terminal, `${terminal.program} ${terminal.version}\n`);
  if (word === '--help' || word === '-h' || word === 'help') return say(terminal, helpOf(rest[0], terminal));
  const command = commandNamed(word);
  const given = parseArguments(command, rest);
  if (given.switched(HELP.name)) return say(terminal, commandHelp(command, terminal));
  return command.run(given, ports);
}

function say(terminal: Terminal, text: string): number {
  terminal.out(text);
  return EXIT.done;
}

function helpOf(word: string | undefined, terminal: Terminal): string {
  return word === undefined ? overview(COMMANDS, terminal) : commandHelp(commandNamed(word), terminal);
}

function commandNamed(word: string): Command {
  const command = COMMANDS.find(candidate => candidate.name === word);
  if (command !== undefined) return command;
  const names = COMMANDS.map(candidate => candidate.name);
  const kind = word.startsWith('-') ? 'option' : 'command';
  throw new UsageError(`Unknown ${kind} ${word}${suggestion(word, [...names, '--help', '--version'])}`);
}

/** One sentence; with INNERMAP_DEBUG also the stack, unless the user's call is what is wrong. */
function report(error: unknown, terminal: Terminal): void {
  const { bad } = colourOf(terminal, 'error');
  const message = error instanceof Error ? error.message : String(error);
  terminal.error(`${bad('Error:')} ${linesOf(message)}\n`);
  if (error instanceof UsageError) {
    const line = error.command === undefined ? '' : ` ${error.command}`;
    terminal.error(`${terminal.program}${line} --help shows how it is used\n`);
  } else if ((terminal.env['INNERMAP_DEBUG'] ?? '') !== '' && error instanceof Error) {
    terminal.error(`${linesOf(`${error.stack}`)}\n`);
  }
}

/** A text of several lines, of which none holds what a terminal obeys. */
function linesOf(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
