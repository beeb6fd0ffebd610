import { parseArgs } from 'node:util';
import { suggestion } from '../../api/nearest.ts';
import { present } from '../../api/parse/section.ts';
import { type Command, type Given, type Option, UsageError } from '../command.ts';
import { HELP } from './options.ts';

/** Reads the words after a command's name. Throws a UsageError with what to write instead. */
export function parseArguments(command: Command, args: readonly string[]): Given {
  const options = [...command.options, HELP];
  const values = new Map<string, string[]>();
  const operands: string[] = [];
  for (const token of tokensOf(options, args)) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind === 'option') takeOption(command, options, token, values);
  }
  if (!values.has(HELP.name)) checkOperands(command, operands);
  return given(options, operands, values);
}

type OptionToken = Extract<ReturnType<typeof tokensOf>[number], { kind: 'option' }>;

/** Not strict: its own messages name neither the command nor what was meant. */
function tokensOf(options: readonly Option[], args: readonly string[]) {
  const known = options.map(({ name, value, short }) => {
    const type = value === undefined ? ('boolean' as const) : ('string' as const);
    return [name, { type, ...present({ short }) }];
  });
  return parseArgs({
    args: [...args],
    options: Object.fromEntries(known),
    strict: false,
    tokens: true,
    allowPositionals: true,
  }).tokens;
}

function takeOption(
  command: Command,
  options: readonly Option[],
  token: OptionToken,
  values: Map<string, string[]>,
): void {
  const option = options.find(candidate => candidate.name === token.name);
  if (option === undefined) throw unknownOption(command, options, token.rawName);
  const value = givenValue(command, option, token);
  const earlier = values.get(option.name);
  if (earlier === undefined) values.set(option.name, [value]);
  else if (option.repeated === true) earlier.push(value);
  else if (option.value !== undefined) {
    throw new UsageError(`Option --${option.name} is given twice: it takes one value`, command.name);
  }
}

function unknownOption(command: Command, options: readonly Option[], rawName: string): UsageError {
  const names = options.map(option => `--${option.name}`);
  return new UsageError(
    `Unknown option ${rawName} of ${command.name}${suggestion(rawName, names)}`,
    command.name,
  );
}

function givenValue(command: Command, option: Option, token: OptionToken): string {
  const { value, inlineValue } = token;
  if (option.value === undefined) {
    if (value === undefined) return '';
    throw new UsageError(`Option --${option.name} takes no value`, command.name);
  }
  // `--report --once`: the value was forgotten; `--report=--once` means it.
  const forgotten = value === undefined || (inlineValue !== true && value.startsWith('-') && value !== '-');
  if (forgotten) throw new UsageError(`Option --${option.name} needs a value: ${option.value}`, command.name);
  if (option.choices !== undefined && !option.choices.includes(value)) {
    const wanted = `${option.choices.join(', ')}${suggestion(value, option.choices)}`;
    throw new UsageError(`Option --${option.name} cannot be ${value}: it takes ${wanted}`, command.name);
  }
  return value;
}

function checkOperands(command: Command, operands: readonly string[]): void {
  const { least, most } = command.operands;
  const usage = `usage is ${`${command.name} ${command.usage}`.trimEnd()}`;
  if (operands.length < least)
    throw new UsageError(`Command ${command.name} needs more arguments: ${usage}`, command.name);
  if (operands.length > most) {
    const extra = operands.slice(most).join(' ');
    throw new UsageError(`Command ${command.name} cannot take ${extra}: ${usage}`, command.name);
  }
}

function given(
  options: readonly Option[],
  operands: readonly string[],
  values: ReadonlyMap<string, string[]>,
): Given {
  const fallback = (name: string) => options.find(option => option.name === name)?.fallback;
  return {
    operands,
    switched: name => values.has(name),
    text: name => values.get(name)?.[0] ?? fallback(name),
    list: name => values.get(name) ?? [],
  };
}
