import type { FieldPath, Parsed, Problem } from '../problem.ts';

/** A place in the object being read, and the one list that all its places report to. */
export interface FieldReader {
  readonly path: FieldPath;
  readonly problems: Problem[];
}

/** Reads one value. It returns `undefined` only after it reported a problem. */
export interface ValueReader<T> {
  /** The valid values, as a message names them: `an integer from 1 to 10`. */
  readonly wanted: string;
  readonly read: (value: unknown, place: FieldReader) => T | undefined;
}

/** Reads a whole object: the result is its value, or every problem that it has. */
export function parsed<T>(
  value: unknown,
  read: (value: unknown, place: FieldReader) => T | undefined,
): Parsed<T> {
  const problems: Problem[] = [];
  const result = read(value, { path: [], problems });
  return result !== undefined && problems.length === 0
    ? { ok: true, value: result }
    : { ok: false, problems };
}

export function below(place: FieldReader, part: string | number): FieldReader {
  return { path: [...place.path, part], problems: place.problems };
}

export function refuse(place: FieldReader, message: string): undefined {
  const count = place.problems.length;
  if (count < MOST_PROBLEMS) place.problems.push({ path: place.path, message });
  else if (count === MOST_PROBLEMS)
    place.problems.push({ path: [], message: `More than ${MOST_PROBLEMS} problems: mend these first` });
  return undefined;
}

/** Nobody reads more, and the problems of one object must not fill the memory. */
const MOST_PROBLEMS = 100;

/** Reads a value that `accept` returns; any other is a problem, and `hint` may say how to repair it. */
export function scalar<T>(
  wanted: string,
  accept: (value: unknown) => T | undefined,
  hint: (value: unknown) => string = () => '',
): ValueReader<T> {
  return {
    wanted,
    read: (value, place) =>
      accept(value) ?? refuse(place, `Must be ${wanted}, not ${shown(value)}${hint(value)}`),
  };
}

/** A value as a message shows it. The text is short for a value of any size. */
export function shown(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `the text ${JSON.stringify(shortened(value))}`;
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${value}`;
  return typeof value === 'boolean' ? `the boolean ${value}` : 'an object';
}

function shortened(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
