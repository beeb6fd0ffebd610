import { nearest } from '../nearest.ts';
import type { FieldReader, ValueReader } from './reader.ts';
import { below, refuse, shown } from './reader.ts';

interface TextRules {
  /** What the text is, for messages: `the name of an OuterMap`. */
  readonly wanted: string;
  readonly most: number;
  readonly pattern?: RegExp;
}

/** Text that is not empty. What YAML made something else of (NO, 0600, 1.10) is an error that says to quote it. */
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

/** Said where text is wanted and YAML read something else. */
export function quoteHint(value: unknown): string {
  return typeof value === 'boolean' || typeof value === 'number' || typeof value === 'bigint'
    ? ': put it in quotes'
    : '';
}

export function integer(least: number, most: number): ValueReader<number> {
  const wanted = `an integer from ${least} to ${most}`;
  return {
    wanted,
    read: (value, place) => {
      if (Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most)
        return value as number;
      const hint = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? ': take the quotes away' : '';
      return refuse(place, `Must be ${wanted}, not ${shown(value)}${hint}`);
    },
  };
}

export const BOOLEAN: ValueReader<boolean> = {
  wanted: 'true or false',
  read: (value, place) => {
    if (typeof value === 'boolean') return value;
    const hint = value === 'true' || value === 'false' ? ': take the quotes away' : '';
    return refuse(place, `Must be true or false, not ${shown(value)}${hint}`);
  },
};

export function oneOf<const Word extends string>(words: readonly Word[]): ValueReader<Word> {
  const wanted = words.length <= 2 ? words.join(' or ') : `one of ${words.join(', ')}`;
  return {
    wanted,
    read: (value, place) => {
      if (words.includes(value as Word)) return value as Word;
      // One word is already told
      const meant = typeof value === 'string' && words.length > 1 ? nearest(value, words) : undefined;
      return refuse(
        place,
        `Must be ${wanted}, not ${shown(value)}${meant === undefined ? '' : `: did you mean ${meant}`}`,
      );
    },
  };
}

/** A key: an integer, or text. What YAML made a fraction or a boolean of was meant as text. */
export function integerOrText(rules: TextRules): ValueReader<string | number> {
  const asText = text(rules);
  return {
    wanted: rules.wanted,
    read: (value, place) => {
      if (typeof value === 'string') return asText.read(value, place);
      if (Number.isSafeInteger(value)) return value as number;
      return refuse(place, `Must be ${rules.wanted}, not ${shown(value)}${quoteHint(value)}`);
    },
  };
}

interface ListRules {
  /** What the list is, for messages; absent: told from its items. */
  readonly wanted?: string;
  readonly least: number;
  readonly most: number;
  /** Two equal items are a problem: one of them was meant otherwise. */
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
