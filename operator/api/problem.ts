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
