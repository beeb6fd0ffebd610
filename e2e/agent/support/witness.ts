import { spawnSync } from 'node:child_process';
import { existsSync, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Entries of a map: value by key, both as hex digits; of a per-CPU type each CPU's value, with commas. */
export type Entries = Readonly<Record<string, string>>;

/** An outer map: by key in hex, what the inner map there holds. */
export type Contents = Readonly<Record<string, Entries>>;

/** What `bpftool map show` tells of a map. */
export interface Shown {
  readonly id: number;
  /** A number where bpftool is older than the type. */
  readonly type: string | number;
  readonly name?: string;
  readonly max_entries: number;
  readonly frozen: number;
}

interface DumpedEntry {
  readonly key: readonly string[];
  readonly value?: readonly string[];
  readonly values?: readonly { readonly value: readonly string[] }[];
}

/** bpftool is the independent witness of every test: it shares no line with the operator. */
export function contentsAt(pin: string): Contents {
  const ids = idsIn(pin);
  return contentsOf(ids, bpftoolBatch(dumpsOf(ids)));
}

/** What to ask bpftool for, to have each inner map's entries. */
export function dumpsOf(ids: ReadonlyMap<string, number>): readonly string[] {
  return [...ids.values()].map(id => `map dump id ${id}`);
}

/** Of an outer map with these inner maps, by its answers to dumpsOf. */
export function contentsOf(ids: ReadonlyMap<string, number>, dumps: readonly unknown[]): Contents {
  const entries = dumps as readonly (readonly DumpedEntry[])[];
  return Object.fromEntries([...ids.keys()].map((key, at) => [key, entriesOf(entries[at] ?? [])]));
}

/** In the order in which bpftool's findings are told here. */
export function sortedContents(contents: Contents): Contents {
  const sorted = Object.entries(contents).map(
    ([key, entries]) => [key, Object.fromEntries(Object.entries(entries).sort())] as const,
  );
  return Object.fromEntries(sorted.sort());
}

/** The ids of the inner maps, by key in hex. */
export function idsIn(pin: string): ReadonlyMap<string, number> {
  return idsOf(bpftoolBatch([`map dump pinned ${pin}`]));
}

/** What the inner map at one key holds: a dump waits for a grace period for each key before 6.8. The key is in hex. */
export function contentAt(pin: string, key: string): Entries | undefined {
  const bytes = key.match(/../g)!.join(' ');
  const ids = idsOf(bpftoolBatch([`map lookup pinned ${pin} key hex ${bytes}`]).map(entry => [entry]));
  return contentsOf(ids, bpftoolBatch(dumpsOf(ids)))[key];
}

/** Of one outer map, by bpftool's answer to its dump. */
export function idsOf([dump]: readonly unknown[]): ReadonlyMap<string, number> {
  const pairs = Object.entries(entriesOf((dump ?? []) as readonly DumpedEntry[]));
  return new Map(pairs.sort().map(([key, id]) => [key, Buffer.from(id, 'hex').readUInt32LE()]));
}

/** One map each, by pin or by id. */
export function shown(maps: readonly (string | number)[]): readonly Shown[] {
  const words = maps.map(map => `map show ${typeof map === 'number' ? `id ${map}` : `pinned ${map}`}`);
  return bpftoolBatch(words) as readonly Shown[];
}

/** Everything below a directory of a bpffs: `name/` for a directory, `name` for a pin, `name -> target` for a symlink. */
export function treeBelow(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' });
  // The kernel itself puts maps.debug and progs.debug there; nobody else can use a dot
  return names
    .filter(name => !name.endsWith('.debug'))
    .sort()
    .map(name => {
      const path = join(directory, name);
      const stats = lstatSync(path);
      if (stats.isSymbolicLink()) return `${name} -> ${readlinkSync(path)}`;
      return stats.isDirectory() ? `${name}/` : name;
    });
}

/** The pins below a directory, as absolute paths. */
export function pinsBelow(directory: string): readonly string[] {
  const names = treeBelow(directory).filter(name => !name.endsWith('/') && !name.includes(' -> '));
  return names.map(name => join(directory, name));
}

/** Answers each command's output, in their order; throws with the first error. */
function bpftoolBatch(commands: readonly string[]): readonly unknown[] {
  if (commands.length === 0) return [];
  const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  const options = { input: `${commands.join('\n')}\n`, env, encoding: 'utf8', maxBuffer: 1 << 28 } as const;
  const { stdout } = spawnSync('bpftool', ['-j', 'batch', 'file', '-'], options);
  return outputsOf(stdout, commands);
}

/** Each command's output, by what `bpftool -j batch` printed; throws with the first error. */
export function outputsOf(printed: string, commands: readonly string[]): readonly unknown[] {
  const answers = JSON.parse(printed) as readonly { readonly output: unknown }[];
  const outputs = answers.map(({ output }) => output);
  const wrong = outputs.findIndex(output => output === null || Object.hasOwn(output as object, 'error'));
  if (wrong < 0 && outputs.length === commands.length) return outputs;
  throw new Error(
    `bpftool ${commands[wrong] ?? commands[outputs.length]}: ${JSON.stringify(outputs[wrong])}`,
  );
}

function entriesOf(dump: readonly DumpedEntry[]): Entries {
  const pairs = dump.map(({ key, value, values }): [string, string] => [
    digits(key),
    value === undefined ? (values ?? []).map(each => digits(each.value)).join() : digits(value),
  ]);
  return Object.fromEntries(pairs.sort());
}

function digits(words: readonly string[]): string {
  return words.map(word => word.slice(2)).join('');
}
