import { nearest } from '../nearest.ts';
import { below, type FieldReader, refuse, scalar, shown, type ValueReader } from './reader.ts';

interface TextRules {
  /** The text, as messages name it: `the name of an OuterMap`. */
  readonly wanted: string;
  readonly most: number;
  readonly pattern?: RegExp;
}

/** Text that is not empty. Unquoted text that YAML reads as another type (NO, 0600, 1.10) is a problem that says to quote it. */
export function text(rules: TextRules): ValueReader<string> {
  return {
    wanted: rules.wanted,
    read: (value, place) => {
      if (typeof value !== 'string')
        return refuse(place, `Must be ${rules.wanted}, not ${shown(value)}${quoteHint(value)}`);
      if (value.length > rules.most)
        return refuse(place, `Must be at most ${rules.most} characters long, not ${value.length}`);
      if (value === '') return refuse(place, `Must be ${rules.wanted}, not empty`);
      if (rules.pattern?.test(value) === false)
        return refuse(place, `Must be ${rules.wanted}, not ${shown(value)}`);
      return value;
    },
  };
}

/** The end of a message where text is wanted and YAML read another type. */
export function quoteHint(value: unknown): string {
  return typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint'
    ? ': put it in quotes'
    : '';
}

export function integer(least: number, most: number): ValueReader<number> {
  return scalar(
    `an integer from ${least} to ${most}`,
    value => {
      const number = wholeNumber(value);
      return number !== undefined && number >= least && number <= most ? number : undefined;
    },
    unquoteHint(/^\s*\d+\s*$/),
  );
}

/** The value where it is an integer that a double holds exactly. */
export function wholeNumber(value: unknown): number | undefined {
  return Number.isSafeInteger(value) ? (value as number) : undefined;
}

function unquoteHint(pattern: RegExp): (value: unknown) => string {
  return value => (typeof value === 'string' && pattern.test(value) ? ': take the quotes away' : '');
}

export const BOOLEAN = scalar(
  'true or false',
  value => (typeof value === 'boolean' ? value : undefined),
  unquoteHint(/^(?:true|false)$/),
);

export function oneOf<const Word extends string>(
  words: readonly Word[],
  whyNot: (word: string) => string | undefined = () => undefined,
): ValueReader<Word> {
  return scalar(
    words.length <= 2 ? words.join(' or ') : `one of ${words.join(', ')}`,
    value => words.find(word => word === value),
    value => {
      if (typeof value !== 'string') return '';
      const why = whyNot(value);
      if (why !== undefined) return `: ${why}`;
      // A single word is in the message already
      const meant = words.length > 1 ? nearest(value, words) : undefined;
      return meant === undefined ? '' : `: did you mean ${meant}`;
    },
  );
}

/** A key: an integer, or text. A value that YAML reads as a fraction or a boolean was meant as text. */
export function integerOrText(rules: TextRules): ValueReader<string | number> {
  const asText = text(rules);
  return { wanted: rules.wanted, read: (value, place) => wholeNumber(value) ?? asText.read(value, place) };
}

interface ListRules {
  /** The list, as messages name it; absent: named after its items. */
  readonly wanted?: string;
  readonly least: number;
  readonly most: number;
  /** Whether two equal items are a problem: one of them is a mistake then. */
  readonly unique: boolean;
}

export function listOf<T>(item: ValueReader<T>, rules: ListRules): ValueReader<readonly T[]> {
  const wanted = rules.wanted ?? `a list of items, each ${item.wanted}`;
  return {
    wanted,
    read: (value, place) => {
      if (!Array.isArray(value)) return refuse(place, `Must be ${wanted}, not ${shown(value)}`);
      if (value.length < rules.least)
        return refuse(place, `Must have at least ${rules.least} item, each ${item.wanted}`);
      if (value.length > rules.most)
        return refuse(place, `Must have at most ${rules.most} items, not ${value.length}`);
      if (rules.unique) refuseRepeated(value, place);
      return itemsOf(value, item, place);
    },
  };
}

function itemsOf<T>(values: readonly unknown[], item: ValueReader<T>, place: FieldReader): T[] {
  const items: T[] = [];
  for (const [index, value] of values.entries()) {
    const read = item.read(value, below(place, index));
    if (read !== undefined) items.push(read);
  }
  return items;
}

function refuseRepeated(values: readonly unknown[], place: FieldReader): void {
  const first = new Map<unknown, number>();
  for (const [index, value] of values.entries()) {
    const earlier = first.get(value);
    if (earlier === undefined) first.set(value, index);
    else refuse(below(place, index), `Given twice: it is item ${earlier} too`);
  }
}
