/** Where in an object something stands: `['spec', 'entries', 3, 'value', 'port']`. */
export type FieldPath = readonly (string | number)[];

/**
 * One thing that is wrong with an object as its author wrote it.
 * `message` says what is wrong and what would be right; it does not repeat the path.
 */
export interface Problem {
  readonly path: FieldPath;
  readonly message: string;
}

/** What a parser answers: the value, or every problem found, never half of each. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** `spec.entries[3].value.port`, as kubectl writes field paths. */
export function fieldText(path: FieldPath): string {
  let text = '';
  for (const part of path) text += typeof part === 'number' ? `[${part}]` : text === '' ? part : `.${part}`;
  return text;
}

/** So many problems are told one by one: an author mends those first. */
export const SHOWN_PROBLEMS = 10;
/** Problems are counted up to here: each costs microseconds, and a file can hold a million. */
export const COUNTED_PROBLEMS = 1000;

export function problemText({ path, message }: Problem): string {
  const field = fieldText(path);
  return field === '' ? message : `${field}: ${message}`;
}

/** All of them, or the first `shown` and how many there are more. */
export function problemsText(problems: readonly Problem[], shown = problems.length): string {
  return listText(problems.slice(0, shown).map(problemText), problems.length);
}

/** The texts of the first problems, and how many there are more of them all. */
export function listText(texts: readonly string[], total: number): string {
  const more = total - texts.length;
  if (more === 0) return texts.join('; ');
  return `${texts.join('; ')}; and ${more} ${total >= COUNTED_PROBLEMS ? 'or more others' : 'more'}`;
}
