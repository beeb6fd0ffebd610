import type { FieldPath, Parsed, Problem } from '../problem.ts';

/** A spot in the object being read, and the one list that all its spots report to. */
export interface FieldReader {
  readonly path: FieldPath;
  readonly problems: Problem[];
}

/** Reads one value. `undefined` is answered only after a problem was told. */
export interface ValueReader<T> {
  /** What is wanted, as a message says it: `an integer from 1 to 10`. */
  readonly wanted: string;
  readonly read: (value: unknown, place: FieldReader) => T | undefined;
}

/** Reads a whole object: its value, or every problem that it has. */
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
  const told = place.problems.length;
  if (told < MOST_PROBLEMS) place.problems.push({ path: place.path, message });
  else if (told === MOST_PROBLEMS)
    place.problems.push({ path: [], message: `More than ${MOST_PROBLEMS} problems: mend these first` });
  return undefined;
}

/** Nobody reads more, and an object made of nothing but mistakes must not fill the memory with them. */
const MOST_PROBLEMS = 100;

/** A value as a message shows it, short whatever its size. */
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
