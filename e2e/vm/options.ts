import { OF_SUITE, SETS, USUAL } from './sets.ts';

export const VERSIONS = ['5.10', '6.1', '6.12'] as const;
export type Version = (typeof VERSIONS)[number];
export type Architecture = 'amd64' | 'arm64';

/** What is to be run where. */
export interface VmOptions {
  readonly version: Version;
  readonly sets: readonly string[];
  readonly arch: Architecture;
  readonly limitSeconds: number;
  /** Of suites and specs, as mocha's --grep. */
  readonly grep: string;
  /** A command instead of specs; its output is shown. */
  readonly command: string;
}

export const USAGE = `npm run vm -- VERSION [SET…] [--suite] [--grep TEXT] [--arch amd64|arm64] [--limit SECONDS] [--command WORDS]
  VERSION  ${VERSIONS.join(', ')}
  SET      ${Object.keys(SETS).join(', ')}; without one: ${USUAL.join(', ')}
  --suite  what npm test runs: ${OF_SUITE.join(', ')}`;

const LIMIT_SECONDS = 3 * 60 * 60;

/** Throws with a sentence about what is wrong. */
export function parseOptions(words: readonly string[], here: Architecture): VmOptions {
  const named = new Map<string, string>();
  const sets: string[] = [];
  const rest = [...words];
  const version = rest.shift() ?? '';
  if (!isVersion(version)) throw new Error(`There is no kernel "${version}"\n${USAGE}`);
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--suite') sets.push(...OF_SUITE);
    else if (VALUED.includes(word)) named.set(word, given(word, rest.shift()));
    else if (Object.hasOwn(SETS, word)) sets.push(word);
    else throw new Error(`There is no set or option "${word}"\n${USAGE}`);
  }
  return {
    version,
    sets: sets.length === 0 ? USUAL : sets,
    arch: named.get('--arch') === undefined ? here : architecture(named.get('--arch')),
    limitSeconds: Number(named.get('--limit') ?? LIMIT_SECONDS),
    grep: named.get('--grep') ?? '',
    command: named.get('--command') ?? '',
  };
}

const VALUED = ['--arch', '--limit', '--grep', '--command'];

function given(option: string, value: string | undefined): string {
  if (value === undefined) throw new Error(`${option} needs a value\n${USAGE}`);
  return value;
}

function isVersion(word: string): word is Version {
  return (VERSIONS as readonly string[]).includes(word);
}

function architecture(word: string | undefined): Architecture {
  if (word === 'amd64' || word === 'arm64') return word;
  throw new Error(`There is no machine "${word}": amd64 or arm64`);
}
