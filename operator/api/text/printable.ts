/**
 * A text that came from outside (a manifest, a file's name, a kernel, a cluster) on one line, with nothing that a terminal
 * would obey: names and texts may hold anything. What it replaces it writes as JSON does, so that JSON stays JSON.
 */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Controls, C1 controls, line separators, and what turns the direction of writing. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for
const UNPRINTABLE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
