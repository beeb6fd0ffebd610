import { AssertionError } from 'chai';

/** Fails with these lines, each of which says what is wrong and what to do. */
export function expectNone(wrong: readonly string[]): void {
  if (wrong.length > 0) throw new AssertionError(['', ...wrong].join('\n  '));
}
