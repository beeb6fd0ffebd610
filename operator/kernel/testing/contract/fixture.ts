import { expect } from 'chai';
import type { Entries } from '../../../core/entries.ts';
import { NO_ENTRIES } from '../../../core/entries.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import { PATIENCE_MS } from '../../../testing/patience.ts';
import { KernelError } from '../../error.ts';
import type { BuildRequest, Failed, Kernel, OpenMap } from '../../kernel.ts';

/** A kernel to test, with an empty bpffs at `root`. `second` opens the same machine as another process would. */
export interface OpenedKernel {
  readonly kernel: Kernel;
  readonly root: string;
  readonly second?: () => Promise<Kernel>;
  readonly outside: Outside;
  close(): Promise<void>;
}

/** What somebody else can do to the bpffs. */
export interface Outside {
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number): void;
  modeOf(path: string): number;
  unmount(): void;
  /** An empty one in the place of the other. */
  mount(): void;
}

export type OpenKernel = () => Promise<OpenedKernel>;

export const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 };

/** One test's kernel and the maps that the test opened; close releases both. */
export class KernelFixture {
  readonly opened: OpenedKernel;
  readonly kernel: Kernel;
  private readonly maps: OpenMap[] = [];

  private constructor(opened: OpenedKernel) {
    this.opened = opened;
    this.kernel = opened.kernel;
  }

  static async open(open: OpenKernel): Promise<KernelFixture> {
    return new KernelFixture(await open());
  }

  async close(): Promise<void> {
    for (const map of this.maps) map.close();
    await this.opened.close();
  }

  path(name: string): string {
    return `${this.opened.root}/${name}`;
  }

  /** Names that tests made at the root; some kernels put `maps.debug` and `progs.debug` there. */
  names(): readonly string[] {
    return this.kernel.pins.list(this.opened.root).filter(name => !name.endsWith('.debug'));
  }

  keep(map: OpenMap): OpenMap {
    this.maps.push(map);
    return map;
  }

  hashOfMaps(template: MapSpec = HASH, maxEntries = 64): OpenMap {
    const outer: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries, flags: 0 };
    return this.keep(this.kernel.createOuter(outer, template, 'contract_hom'));
  }

  arrayOfMaps(template: MapSpec = HASH, maxEntries = 64): OpenMap {
    const outer: MapSpec = { type: 'ArrayOfMaps', keySize: 4, valueSize: 4, maxEntries, flags: 0 };
    return this.keep(this.kernel.createOuter(outer, template, 'contract_aom'));
  }

  request(name: string, changes: Partial<BuildRequest> = {}): BuildRequest {
    const given = { spec: HASH, name, label: `team-a/${name}`, entries: NO_ENTRIES, freeze: false };
    return { ...given, pins: [this.path(name)], ...changes };
  }

  async inner(name: string, changes: Partial<BuildRequest> = {}): Promise<OpenMap> {
    const [built] = await this.kernel.build([this.request(name, changes)]);
    return this.keep(openMap(built));
  }

  /** `count` inner maps of the layout, pinned `<prefix>0` … */
  async inners(prefix: string, count: number, spec: MapSpec = HASH): Promise<OpenMap[]> {
    const requests = Array.from({ length: count }, (_, index) => this.request(`${prefix}${index}`, { spec }));
    const built = await this.kernel.build(requests);
    return built.map(map => this.keep(openMap(map)));
  }

  /** The outer map as key → id, both readable. */
  async outerIds(outer: OpenMap): Promise<Record<string, number>> {
    const { count, keys, ids } = await this.kernel.readOuter(outer);
    expect(keys).to.have.length(count * outer.spec.keySize);
    expect(ids).to.have.length(count);
    const byKey = Array.from(ids, (id, index): [string, number] => [hexAt(keys, index, 4), id]);
    return Object.fromEntries(byKey.sort());
  }

  async innerContents(pin: string): Promise<Record<string, string>> {
    const [reading] = await this.kernel.readInner([{ pin }]);
    if (reading === undefined || reading instanceof KernelError) throw reading ?? new Error('no answer');
    return contents(reading.entries, reading.spec.keySize);
  }

  /** Whether no map has this id any more; proven by BPF_MAP_GET_FD_BY_ID, so undefined without CAP_SYS_ADMIN. */
  isGone(id: number): boolean | undefined {
    const error = failureOf(() => this.kernel.openById(id).close());
    if (error?.errno === 'EPERM') return undefined;
    return error?.errno === 'ENOENT';
  }

  /** Maps whose ids lie between two maps, as another process would find them. */
  *mapsBetween(before: OpenMap, after: OpenMap): Generator<{ name: string; spec: MapSpec }> {
    for (let id = before.id + 1; id < after.id; id += 1) {
      if (failureOf(() => this.kernel.openById(id).close()) !== undefined) continue;
      const map = this.kernel.openById(id);
      yield { name: map.name, spec: map.spec };
      map.close();
    }
  }
}

export function openMap(built: OpenMap | KernelError | undefined): OpenMap {
  if (built === undefined || built instanceof KernelError) throw built ?? new Error('no answer');
  return built;
}

/** The KernelError that a call throws; undefined when it throws none. Any other error is thrown on. */
export function failureOf(call: () => unknown): KernelError | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

/** index → errno, for comparison. */
export function errnos(failed: Failed): Record<number, string> {
  return Object.fromEntries([...failed].map(([index, error]) => [index, error.errno]));
}

/** Little-endian u32s one after the other. */
export function u32(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 4);
  const view = new DataView(bytes.buffer);
  for (const [index, number] of numbers.entries()) view.setUint32(index * 4, number, true);
  return bytes;
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function hexAt(bytes: Uint8Array, index: number, size: number): string {
  return hex(bytes.subarray(index * size, (index + 1) * size));
}

export function bytes(...values: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(values.join(''), 'hex'));
}

/** key → value in hex, sorted: the kernel's order of iteration is unspecified. A key read twice is an error. */
export function contents(entries: Entries, keySize: number): Record<string, string> {
  const stride = entries.count === 0 ? 0 : entries.values.length / entries.count;
  const pairs = Array.from({ length: entries.count }, (_, index): [string, string] => [
    hexAt(entries.keys, index, keySize),
    hexAt(entries.values, index, stride),
  ]);
  expect(new Set(pairs.map(([key]) => key)).size, 'keys read twice').to.equal(entries.count);
  return Object.fromEntries(pairs.sort());
}

/** Entries from key → value in hex. */
export function entriesOf(pairs: Readonly<Record<string, string>>): Entries {
  const keys = Object.keys(pairs);
  return { count: keys.length, keys: bytes(...keys), values: bytes(...Object.values(pairs)) };
}

/** Entries from u32 keys to u64 values: HASH's. */
export function numbered(from: number, count: number, value = 0): Entries {
  const values = new BigUint64Array(count).map((_, index) => BigInt(value + index));
  const keys = u32(...Array.from({ length: count }, (_, index) => from + index));
  return { count, keys, values: new Uint8Array(values.buffer) };
}

/** Waits for another thread or process. */
export async function eventually(event: string, holds: () => boolean): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`Waited in vain for ${event}`);
    await new Promise(resume => setTimeout(resume, 5));
  }
}
