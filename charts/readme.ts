import { parse } from 'yaml';

/** A value that a user may set: `agent.resources`. */
export interface Value {
  readonly name: string;
  readonly fallback: unknown;
  readonly text: string;
}

const BEGIN = '<!-- values -->';
const END = '<!-- end of values -->';

/** The values of values.yaml, in its order: each has a comment that begins with `--`. */
export function chartValues(yaml: string): readonly Value[] {
  return valuesIn(parse(yaml) as Tree, '', descriptions(yaml));
}

/** The README with its table of values as values.yaml has them. */
export function readmeWith(readme: string, values: readonly Value[]): string {
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin)
    throw new Error(`Cannot write the values: README.md has no ${BEGIN} … ${END}`);
  const rows = values.map(({ name, fallback, text }) => `| \`${name}\` | ${shown(fallback)} | ${text} |`);
  const table = ['| value | default | |', '| --- | --- | --- |', ...rows].join('\n');
  return `${readme.slice(0, begin + BEGIN.length)}\n${table}\n${readme.slice(end)}`;
}

type Tree = Readonly<Record<string, unknown>>;

/** What is no value itself must be a folder of values: nothing that a user may set is left out. */
function valuesIn(tree: Tree, prefix: string, texts: ReadonlyMap<string, string>): readonly Value[] {
  return Object.entries(tree).flatMap(([key, fallback]) => {
    const name = prefix + key;
    const text = texts.get(name);
    if (text !== undefined) return [{ name, fallback, text }];
    if (isFolder(fallback)) return valuesIn(fallback, `${name}.`, texts);
    throw new Error(`Cannot describe ${name}: it has no comment in values.yaml that begins with --`);
  });
}

function isFolder(value: unknown): value is Tree {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0
  );
}

/** Name → the comment that begins with `--` above it. By lines: a parser gives a comment below a list to the list. */
function descriptions(yaml: string): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  const path: string[] = [];
  let comment: string[] = [];
  for (const line of yaml.split('\n')) {
    const [, words] = /^ *# ?(.*)$/.exec(line) ?? [];
    if (words !== undefined) {
      comment.push(words);
      continue;
    }
    const [, indent, key] = /^((?: {2})*)(\w+):/.exec(line) ?? [];
    if (indent !== undefined && key !== undefined) {
      path.splice(indent.length / 2, Number.POSITIVE_INFINITY, key);
      if (comment[0]?.startsWith('-- ')) texts.set(path.join('.'), comment.join(' ').slice(3));
    }
    comment = [];
  }
  return texts;
}

function shown(fallback: unknown): string {
  return fallback === '' ? '' : `\`${JSON.stringify(fallback).replace(/^"(.*)"$/, '$1')}\``;
}
