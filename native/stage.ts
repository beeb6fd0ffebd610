import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';

/** native/ of the checkout, where make builds; this file runs from dist/native. */
export const NATIVE = join(import.meta.dirname, '..', '..', 'native');

/** bpftool and mount lie outside a plain user's PATH. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

/** What the programs need, and the Debian package that brings it. */
const TOOLS = { clang: 'clang', 'llvm-strip': 'llvm', make: 'make', cc: 'gcc', bpftool: 'bpftool' };

export type Answer = Readonly<Record<string, unknown>>;

/** What driver read and driver increment count: struct reader_counters. */
export interface Counters {
  readonly reads: number;
  readonly nulls: number;
  readonly missing: number;
  readonly mixed: number;
  readonly versions: number;
  readonly version: number;
  readonly since: number;
  readonly increments: number;
}

/** Builds the programs; skips the tests where that is impossible, but not in CI. */
export function build(context: Mocha.Context): void {
  context.timeout(120_000);
  const missing = whatIsMissing();
  if (missing === undefined) {
    run('make', '-C', NATIVE);
    return;
  }
  if (process.env['CI'] === 'true') throw new Error(`Cannot test native: ${missing}`);
  console.log(`      skipped: ${missing}`);
  context.skip();
}

/** A bpffs of its own below a new directory, and whoever acts on it. */
export class Stage {
  readonly directory = mkdtempSync(join(tmpdir(), 'innermap-native-'));
  readonly bpffs = join(this.directory, 'bpf');
  /** Of every map that the driver told of. */
  readonly #ids = new Set<number>();

  constructor() {
    mkdirSync(this.bpffs);
    run('mount', '-t', 'bpf', 'bpf', this.bpffs);
  }

  pin(name: string): string {
    return join(this.bpffs, name);
  }

  /** An outer map as a stranger makes it, with keys from 0; the inner maps' ids. */
  make(
    name: string,
    ...words: readonly string[]
  ): { readonly outer: number; readonly inners: readonly number[] } {
    const answer = this.driver('make', '--pin', this.pin(name), ...words);
    return { outer: answer['outer'] as number, inners: answer['inners'] as number[] };
  }

  /** All lines that the driver printed, as one object. */
  driver(...words: readonly string[]): Answer {
    const lines = run(join(NATIVE, 'build', 'driver'), ...words)
      .trimEnd()
      .split('\n');
    const answer = Object.assign({}, ...lines.map(line => JSON.parse(line) as Answer)) as Answer;
    for (const name of ['outer', 'limits', 'inners', 'dummies']) this.#note(answer[name]);
    return answer;
  }

  /** A map as an inner map of the sample program must be: with NO_PREALLOC, as the loader's dummy has it. */
  createInner(name: string, key: number, value: number, entries: number): void {
    const layout = ['type', 'hash', 'key', String(key), 'value', String(value), 'entries', String(entries)];
    run('bpftool', 'map', 'create', this.pin(name), ...layout, 'name', 'inner', 'flags', '1');
  }

  /** The only rule of a tenant, in the map pinned as `tenants`; all of it in hex. */
  declareRule(tenant: string, port: string, action: string): void {
    this.createInner(tenant, 4, 16, 64);
    bpftool('update', this.pin(tenant), port, `${action}${'00'.repeat(12)}`);
    bpftool('update', this.pin('tenants'), tenant, idAt(this.pin(tenant)));
  }

  /** An empty bpffs in the place of this one, as after a reboot. */
  remount(): void {
    run('umount', this.bpffs);
    run('mount', '-t', 'bpf', 'bpf', this.bpffs);
  }

  /** Takes everything away and answers which of the driver's maps outlive it: freeing is deferred, so it asks again. */
  async leave(): Promise<number[]> {
    run('umount', this.bpffs);
    rmSync(this.directory, { recursive: true });
    return survivors(this.#ids);
  }

  #note(ids: unknown): void {
    for (const id of [ids].flat()) if (typeof id === 'number') this.#ids.add(id);
  }
}

/** Gives each test of a suite a stage of its own, and requires that nothing of it is left. */
export function onStage(): () => Stage {
  return onEachOwn(() => new Stage());
}

/** The same of what is more than a stage. */
export function onEachOwn<T extends Stage>(make: () => T): () => T {
  let own: T | undefined;
  before(function () {
    build(this);
  });
  beforeEach(() => {
    own = make();
  });
  afterEach(async () => {
    const left = await own?.leave();
    own = undefined;
    expect(left, 'maps that outlive the test').to.deep.equal([]);
  });
  return () => own!;
}

/** Answers what it printed; throws with what it said on standard error. */
export function run(program: string, ...words: readonly string[]): string {
  return execFileSync(program, words, {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 1 << 26,
  });
}

/** bpftool map VERB MAP [key KEY] [value VALUE]: bytes as hex digits, an inner map as its id. */
export function bpftool(
  verb: 'update' | 'delete',
  map: string | number,
  key: string,
  value?: string | number,
): void {
  const target = typeof map === 'number' ? ['id', String(map)] : ['pinned', map];
  const content =
    typeof value === 'number' ? ['id', String(value)] : value === undefined ? [] : ['hex', ...pairs(value)];
  const rest = value === undefined ? [] : ['value', ...content];
  run('bpftool', 'map', verb, ...target, 'key', 'hex', ...pairs(key), ...rest);
}

/** What bpftool finds in a pinned map: value by key, both as hex digits; of a per-CPU type each CPU's, with commas. */
export function dumped(pin: string): Readonly<Record<string, string>> {
  const entries = JSON.parse(run('bpftool', '-j', 'map', 'dump', 'pinned', pin)) as readonly {
    key: string[];
    value?: string[];
    values?: { value: string[] }[];
  }[];
  const text = ({ value, values }: (typeof entries)[number]) =>
    value === undefined ? (values ?? []).map(each => digits(each.value)).join() : digits(value);
  return Object.fromEntries(entries.map(entry => [digits(entry.key), text(entry)]));
}

/** One entry's value, as hex digits. */
export function valueIn(id: number, key: string): string {
  const words = ['id', String(id), 'key', 'hex', ...pairs(key)];
  return digits((JSON.parse(run('bpftool', '-j', 'map', 'lookup', ...words)) as { value: string[] }).value);
}

export function idAt(pin: string): number {
  return (JSON.parse(run('bpftool', '-j', 'map', 'show', 'pinned', pin)) as { id: number }).id;
}

/** Those of these maps that stay. The kernel frees maps some grace periods after their last reference went. */
export async function survivors(ids: ReadonlySet<number>): Promise<number[]> {
  let left: number[] = [];
  for (let turn = 0; turn < 100; turn++) {
    const alive = new Set(mapIds());
    left = [...ids].filter(id => alive.has(id));
    if (left.length === 0) break;
    await sleep(50);
  }
  return left;
}

/** The ids of all maps of this machine. */
export function mapIds(): number[] {
  return (JSON.parse(run(join(NATIVE, 'build', 'driver'), 'maps')) as { ids: number[] }).ids;
}

/** A program that runs on another CPU until `end`; `soFar` asks it without disturbing it. */
export interface Busy {
  soFar(): Promise<Counters>;
  end(): Promise<Counters>;
  /** Where a test gave up before its end. */
  kill(): Promise<void>;
}

/** `driver read …` or `driver increment …`; running when this resolves. */
export async function startBusy(...words: readonly string[]): Promise<Busy> {
  const child = spawn(join(NATIVE, 'build', 'driver'), words, { env, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error(`Cannot read driver ${words.join(' ')}: it ended`);
    return JSON.parse(value) as Counters;
  };
  const ended = new Promise<void>(resolve => child.once('close', () => resolve()));
  await next();
  return {
    soFar() {
      child.stdin.write('\n');
      return next();
    },
    async end() {
      child.stdin.end();
      const counters = await next();
      await ended;
      return counters;
    },
    kill() {
      child.kill('SIGKILL');
      return ended;
    },
  };
}

/** Asks a busy program until what it counted is as expected, at most ten seconds. */
export async function until(busy: Busy, expected: (counters: Counters) => boolean): Promise<Counters> {
  for (let turn = 0; turn < 1000; turn++) {
    const counters = await busy.soFar();
    if (expected(counters)) return counters;
    await sleep(10);
  }
  throw new Error(`Cannot wait longer for a busy program: ${JSON.stringify(await busy.soFar())}`);
}

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  const packages = Object.entries(TOOLS)
    .filter(([tool]) => !installed(tool))
    .map(([, name]) => name);
  if (!existsSync('/usr/include/bpf/libbpf.h')) packages.push('libbpf-dev');
  return packages.length === 0 ? undefined : `missing ${packages.join(', ')}, apt-get install brings them`;
}

function installed(tool: string): boolean {
  return env.PATH.split(':').some(folder => existsSync(join(folder, tool)));
}

function pairs(hex: string): readonly string[] {
  return hex.match(/../g) ?? [];
}

function digits(words: readonly string[]): string {
  return words.map(word => word.slice(2)).join('');
}
