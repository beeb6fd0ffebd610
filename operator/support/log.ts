import winston from 'winston';
import { printable } from '../api/text/printable.ts';

/** The variable part of a line, beside its constant message. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Constant messages, everything that varies in fields: lines can be counted and searched. A message that is a sentence
 * about an object names the kind of line that it is.
 */
export interface Log {
  error(message: string, fields?: Fields, kind?: string): void;
  warn(message: string, fields?: Fields, kind?: string): void;
  info(message: string, fields?: Fields, kind?: string): void;
}

export interface LogOptions {
  readonly level: string;
  /** One JSON object a line; otherwise text for people. */
  readonly json: boolean;
  /** Standard error where absent. */
  readonly stream?: NodeJS.WritableStream;
}

const LEVELS = { error: 0, warn: 1, info: 2, debug: 3 } as const;
type Level = keyof typeof LEVELS;

/** Writes to standard error: standard output is for a command's output. The level is coloured on a terminal, unless NO_COLOR is set. */
export function createLog(options: LogOptions): Log {
  const level = levelOf(options.level);
  const stream = options.stream ?? process.stderr;
  const colour = isTerminal(stream) && (process.env['NO_COLOR'] ?? '') === '';
  // A reader that goes away (a pipe, a restarted journal) must not end the agent
  if (stream.listenerCount('error') === 0) stream.on('error', () => {});
  const { combine, timestamp, printf } = winston.format;
  const shape = options.json ? printf(jsonLine) : printf(line => textLine(line, colour));
  const logger = winston.createLogger({
    level,
    levels: LEVELS,
    format: combine(timestamp(), shape),
    transports: [new winston.transports.Stream({ stream })],
  });
  const write = (at: keyof Log) => (message: string, fields?: Fields) => {
    if (LEVELS[at] <= LEVELS[level]) logger.log(at, { message, fields: fields ?? {} });
  };
  return { error: write('error'), warn: write('warn'), info: write('info') };
}

function isTerminal(stream: NodeJS.WritableStream): boolean {
  return (stream as { isTTY?: boolean }).isTTY === true;
}

function levelOf(name: string): Level {
  if (Object.hasOwn(LEVELS, name)) return name as Level;
  throw new Error(`Cannot log at level ${name}: use ${Object.keys(LEVELS).join(', ')}`);
}

type Line = winston.Logform.TransformableInfo;

function jsonLine({ timestamp, level, message, fields }: Line): string {
  return printable(JSON.stringify({ time: timestamp, level, message, ...plainFields(fields as Fields) }));
}

/** `2026-11-03T10:00:00.000Z INFO  Turn finished inserted=3 replaced=0` */
function textLine({ timestamp, level, message, fields }: Line, colour: boolean): string {
  const word = level.toUpperCase().padEnd(5);
  const pairs = Object.entries(plainFields(fields as Fields)).map(
    ([name, value]) => `${name}=${fieldText(value)}`,
  );
  return [
    String(timestamp),
    colour ? coloured(level, word) : word,
    printable(String(message)),
    ...pairs,
  ].join(' ');
}

const COLOURS: Readonly<Record<string, number>> = { error: 31, warn: 33, info: 32, debug: 90 };

function coloured(level: string, word: string): string {
  return `\u001b[${COLOURS[level] ?? 0}m${word}\u001b[0m`;
}

/** Errors as their message, 64-bit numbers as text: JSON has no form for either. */
function plainFields(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [
        name,
        value instanceof Error ? value.message : typeof value === 'bigint' ? `${value}` : value,
      ]),
  );
}

/** Quoted where a space or a control character, perhaps of somebody's manifest, could break the line. */
function fieldText(value: unknown): string {
  if (typeof value === 'string')
    return /^[\w./:@%+,-]+$/.test(value) ? value : printable(JSON.stringify(value));
  return printable(typeof value === 'object' ? JSON.stringify(value) : String(value));
}
