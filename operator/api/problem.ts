/** The place of a field in an object: `['spec', 'entries', 3, 'value', 'port']`. */
export type FieldPath = readonly (string | number)[];

/** One mistake in an object as its author wrote it. `message` states the mistake and the remedy, and does not repeat the path. */
export interface Problem {
  readonly path: FieldPath;
  readonly message: string;
}

/** A parser's result: the value, or every problem, never half of each. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `spec.entries[3].value.port`, as kubectl writes field paths. */
export function fieldText(path: FieldPath): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text;
}

/** The number of problems that a message lists one by one: an author repairs those first. */
export const SHOWN_PROBLEMS = 10;
/** Problems are counted up to this number: each costs microseconds, and a file can hold a million. */
export const COUNTED_PROBLEMS = 1000;

export function problemText({ path, message }: Problem): string {
  const field = fieldText(path);
  return field === '' ? message : `${field}: ${message}`;
}

/** All problems, or the first `shown` and the number of the others. */
export function problemsText(problems: readonly Problem[], shown = problems.length): string {
  return listText(problems.slice(0, shown).map(problemText), problems.length);
}

/** The texts of the first problems, and the number of the others. */
export function listText(texts: readonly string[], total: number): string {
  const more = total - texts.length;
  if (more === 0) return texts.join('; ');
  return `${texts.join('; ')}; and ${more} ${total >= COUNTED_PROBLEMS ? 'or more others' : 'more'}`;
}
