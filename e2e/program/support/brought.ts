import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NATIVE, run } from '../../../native/stage.ts';
import { type LoadedAgentFixture, PROGRAMS } from '../../agent/support/loadedagent.ts';
import type { Running } from '../../agent/support/process.ts';

/** A program of native/programs, and the one entry that its loader writes into each inner map, as hex digits. */
export interface BroughtObject {
  readonly name: string;
  readonly entry?: string;
  readonly value?: string;
}

/** What `look` answers where a key has no inner map, or that no such entry. */
export const ABSENT = 255;
const DRIVER = join(NATIVE, 'build', 'driver');
const ETHERNET_HEADER = 14;

/** A program of somebody else, as its loader and the kernel see it. */
export class Brought {
  readonly #fixture: LoadedAgentFixture;
  readonly #object: BroughtObject;
  readonly #packet: string;

  constructor(fixture: LoadedAgentFixture, object: BroughtObject) {
    this.#fixture = fixture;
    this.#object = object;
    this.#packet = join(fixture.directory, 'packet');
    run('mkdir', '-p', fixture.pin(PROGRAMS));
  }

  /** Loads, pins and fills as a loader that ends; the ids of the inner maps that it made, by the order of keys. */
  load(...words: readonly string[]): readonly number[] {
    return this.#fixture.driver(...this.#words, ...words)['inners'] as readonly number[];
  }

  /** The same by one that stays, with its inner maps open. */
  async hold(...words: readonly string[]): Promise<Running> {
    const loader = this.#fixture.launch([DRIVER, ...this.#words, '--stay', ...words]);
    await loader.printed(/"inners"/);
    return loader;
  }

  /** What the program answers to a packet that names this key of the outer map. */
  look(slot: number): number {
    const packet = Buffer.alloc(ETHERNET_HEADER + 4);
    packet.writeUInt32LE(slot, ETHERNET_HEADER);
    writeFileSync(this.#packet, packet);
    const words = ['prog', 'run', 'pinned', this.#program, 'data_in', this.#packet];
    return (JSON.parse(run('bpftool', '-j', ...words)) as { readonly retval: number }).retval;
  }

  get #program(): string {
    return this.#fixture.pin(`${PROGRAMS}look`);
  }

  get #words(): readonly string[] {
    const { name, entry, value } = this.#object;
    const pins = ['--pin-outer', this.#fixture.pin('slots'), '--pin-prog', this.#program];
    const contents = entry === undefined ? [] : ['--entry', entry, '--value', value!];
    return ['bring', '--object', `${name}.bpf.o`, ...pins, ...contents];
  }
}

/** A struct of a program's source as it stands there: what is pasted into an OuterMap. */
export function pasted(object: string, struct: string): string {
  const source = readFileSync(join(NATIVE, 'programs', `${object}.bpf.c`), 'utf8');
  const start = source.indexOf(`struct ${struct} {`);
  const end = source.indexOf('\n};', start);
  if (start < 0 || end < 0) throw new Error(`Cannot find struct ${struct} in ${object}.bpf.c`);
  return source.slice(start, end + 3);
}
