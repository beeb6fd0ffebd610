import { BOUNDS } from '../bounds.ts';

/** Each rule has a message of its own: its author need not guess which part of the path is wrong. */
export function pinProblem(pin: string): string | undefined {
  const parts = pin.split('/');
  if (pin.startsWith('/'))
    return 'Must be relative to the bpffs: take away the leading / and the mount point';
  if (parts.includes('')) return 'Must have no empty parts: take away the superfluous /';
  if (pin.includes('.')) return 'Must have no dots: names in a bpffs cannot hold them';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x20\x7f]/.test(pin)) return 'Must have no blanks and no control characters';
  if (parts[0] === 'innermap') return "Must not be below innermap/: the operator's own records lie there";
  const long = parts.find(part => new TextEncoder().encode(part).length > BOUNDS.fileName);
  return long === undefined ? undefined : `Must have parts of at most ${BOUNDS.fileName} bytes`;
}
