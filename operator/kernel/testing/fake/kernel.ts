import type { KernelState } from '../../../api/status.ts';
import { type MapTypes, programFieldOf, type TypedBtf } from '../../../core/btf/maptypes.ts';
import { hex } from '../../../core/bytes/hex.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { KernelCounts } from '../../counts.ts';
import type { Errno } from '../../error.ts';
import { KernelError } from '../../error.ts';
import type {
  BuildRequest,
  Edit,
  Expectation,
  ExpectedContents,
  Failed,
  InnerAddress,
  InnerReading,
  Kernel,
  KeyPins,
  MapIdentity,
  OpenMap,
  OpenTypes,
  OuterEntries,
  Place,
  PlaceRange,
  Settling,
} from '../../kernel.ts';
import { FakePins, failure, ours } from './bpffs/pins.ts';
import { settleEach, unpinEach } from './bpffs/settle.ts';
import { buildAll } from './build.ts';
import { accepts, creationErrno, isOuter, madeSpec, nameErrno } from './creation.ts';
import { editMap, editPlace, outerOf, unlessAbsent } from './edit.ts';
import type { FakeOperation } from './faults.ts';
import { linux618 } from './linux.ts';
import type { FakeMachine } from './machine.ts';
import type { FakeMap, FakeTemplate } from './map.ts';
import type { FakeOpenMap, FakeProcess } from './process.ts';
import { bytesOfText, isAmong, runsOf } from './table.ts';
import { loadTypes, templateOf, typesOf, typesOfUsers } from './types.ts';
import { isAsExpected } from './verify.ts';
import { entriesAt, expectedIn } from './walk.ts';

/** One process on a FakeMachine. */
export class FakeKernel implements Kernel {
  readonly machine: FakeMachine;
  readonly process: FakeProcess;
  readonly pins: FakePins;
  readonly possibleCpus: number;
  #state: KernelState | undefined;

  constructor(given: { machine: FakeMachine; process: FakeProcess; root: string; possibleCpus: number }) {
    this.machine = given.machine;
    this.process = given.process;
    this.possibleCpus = given.possibleCpus;
    this.pins = new FakePins(given.machine, given.process, given.root);
  }

  get openMapsLimit(): number {
    return this.process.openMapsLimit;
  }

  counts(): KernelCounts {
    return { ...this.process.counts };
  }

  async probe(): Promise<KernelState> {
    this.look('probe', 'kernel');
    this.#state ??= this.machine.state ?? linux618(this.process.capabilities);
    return this.#state;
  }

  loadTypes(types: MapTypes, label: string): OpenTypes {
    return loadTypes(this, types, label);
  }

  createOuter(outer: MapSpec, template: MapSpec, name: string): OpenMap {
    const errno = creationErrno(template) ?? creationErrno(outer) ?? nameErrno(name);
    const refused = isOuter(template) || !isOuter(outer) ? 'EINVAL' : errno;
    const what = { spec: outer, name, template: templateOf(this, template) };
    const made = this.create({ operation: 'createOuter', subject: name, refused }, what);
    if (made instanceof KernelError) throw made;
    return made;
  }

  async build(requests: Iterable<BuildRequest | undefined>): Promise<readonly (OpenMap | KernelError)[]> {
    await this.#meanwhile();
    return buildAll(this, requests);
  }

  open(pin: string): OpenMap {
    this.look('open', pin);
    const map = this.#pinned(pin);
    const opened = typeof map === 'string' ? map : this.process.openMap(map);
    if (typeof opened === 'string') throw failure('open', pin, opened);
    return opened;
  }

  openById(id: number): OpenMap {
    this.look('openById', String(id));
    const map = this.#withId(id);
    const opened = typeof map === 'string' ? map : this.process.openMap(map);
    if (typeof opened === 'string') throw failure('openById', String(id), opened);
    return opened;
  }

  template(outer: OpenMap): MapSpec | undefined {
    this.look('template', outer.name);
    return this.process.capabilities.perfmon ? ours(outer).map.outer?.template.spec : undefined;
  }

  typesOf(id: number): TypedBtf | undefined {
    return typesOf(this, id);
  }

  typesOfUsers(map: OpenMap): readonly Uint8Array[] {
    return typesOfUsers(this, map);
  }

  /** Makes a scratch map and tries its insertion: one mutation, as in the real kernel. */
  async accepts(outer: OpenMap, inner: MapSpec): Promise<boolean | undefined> {
    await this.#meanwhile();
    const { template } = outerOf(outer, 'accepts');
    if (outer.spec.type === 'ArrayOfMaps' || programFieldOf(inner.types) !== undefined) return undefined;
    const refused = this.#mutate('accepts', outer.name, () => creationErrno(inner));
    if (refused !== undefined) throw failure('accepts', outer.name, refused);
    return accepts(template, madeSpec(inner, this.possibleCpus), inner.types);
  }

  async readOuter(outer: OpenMap, places?: PlaceRange): Promise<OuterEntries> {
    await this.#meanwhile();
    this.look('readOuter', outer.name);
    if (places !== undefined && outer.spec.type !== 'ArrayOfMaps')
      throw failure('readOuter', outer.name, 'EINVAL');
    const all = outerOf(outer, 'readOuter').inners();
    const inners = places === undefined ? all : all.filter(([place]) => isAmong(places, bytesOfText(place)));
    const keys = new Uint8Array(inners.length * outer.spec.keySize);
    for (const [index, [place]] of inners.entries()) keys.set(bytesOfText(place), index * outer.spec.keySize);
    return { count: inners.length, keys, ids: Uint32Array.from(inners, ([, inner]) => inner.id) };
  }

  async replace(outer: OpenMap, keys: Uint8Array, inners: readonly OpenMap[]): Promise<Failed> {
    await this.#meanwhile();
    const table = outerOf(outer, 'replace');
    const maps = inners.map(inner => ours(inner).map);
    const given = runsOf(keys, outer.spec.keySize, maps.length);
    return this.#each('replace', outer, given, (key, index) => table.upsert(key, maps[index]!));
  }

  async settle(
    directory: string,
    settlings: Iterable<Settling>,
    closing: readonly OpenMap[] = [],
  ): Promise<Failed> {
    await this.#meanwhile();
    const failed = settleEach(this.pins, directory, settlings);
    for (const map of closing) map.close();
    return failed;
  }

  /** By batch: all keys, then their pins. */
  async remove(outer: OpenMap, keys: Uint8Array, pins?: KeyPins): Promise<Failed> {
    await this.#meanwhile();
    const table = outerOf(outer, 'remove');
    const given = runsOf(keys, outer.spec.keySize, keys.length / outer.spec.keySize);
    const failed = this.#each('remove', outer, given, key => unlessAbsent(table.delete(key)));
    return pins === undefined ? failed : unpinEach(this.pins, pins, failed);
  }

  async identify(pins: readonly string[]): Promise<readonly (MapIdentity | KernelError)[]> {
    await this.#meanwhile();
    return pins.map(pin => {
      const map = this.machine.look(this.process, 'identify', pin) ?? this.#pinned(pin);
      return typeof map === 'string' ? failure('identify', pin, map) : { id: map.id, name: map.name };
    });
  }

  async readInner(addresses: readonly InnerAddress[]): Promise<readonly (InnerReading | KernelError)[]> {
    await this.#meanwhile();
    return addresses.map(address => this.#read(address));
  }

  async asExpected(outer: OpenMap, expected: ExpectedContents): Promise<Uint8Array> {
    await this.#meanwhile();
    const isRefused = this.machine.look(this.process, 'asExpected', outer.name) !== undefined;
    if (isRefused || !this.#walks()) return new Uint8Array(expected.inners.length);
    return expectedIn(outerOf(outer, 'asExpected'), outer.spec.keySize, expected);
  }

  async verify(expected: readonly Expectation[], mask?: Uint8Array): Promise<Uint8Array> {
    await this.#meanwhile();
    return Uint8Array.from(expected, one => {
      const subject = subjectOf(one.address);
      const refused = this.machine.look(this.process, 'verify', subject);
      const map = refused ?? this.#at(one.address);
      return typeof map !== 'string' && isAsExpected(map, one, mask) ? 1 : 0;
    });
  }

  async edit(inner: OpenMap, edit: Edit): Promise<Failed> {
    await this.#meanwhile();
    return editMap(this, ours(inner), edit);
  }

  async editAt(place: Place, edit: Edit): Promise<Failed> {
    await this.#meanwhile();
    return editPlace(this, { ...place, walks: this.#walks() }, edit);
  }

  /** BPF_MAP_CREATE. `refused`: the errno of the kernel for it. */
  create(
    step: { operation: FakeOperation; subject: string; refused: Errno | undefined },
    map: { spec: MapSpec; name: string; types?: MapTypes | undefined; template?: FakeTemplate },
  ): FakeOpenMap | KernelError {
    const made: FakeOpenMap[] = [];
    const errno = this.#mutate(step.operation, step.subject, () => {
      if (!this.process.capabilities.bpf) return 'EPERM';
      if (step.refused !== undefined) return step.refused;
      const spec = madeSpec(map.spec, this.possibleCpus);
      const held = this.machine.make({ ...map, spec, possibleCpus: this.possibleCpus }).hold();
      const opened = this.process.openMap(held, map.spec.flags);
      held.release();
      if (typeof opened === 'string') return opened;
      made.push(opened);
      return undefined;
    });
    return made[0] ?? failure(step.operation, step.subject, errno ?? 'EPERM');
  }

  #read(address: InnerAddress): InnerReading | KernelError {
    const subject = subjectOf(address);
    const found = this.#at(address);
    const map = this.machine.look(this.process, 'readInner', subject) ?? found;
    if (typeof map !== 'string')
      return { id: map.id, spec: map.spec, frozen: map.frozen, entries: map.table.entries() };
    const seen = map === 'EPERM' && 'id' in address ? entriesAt(address, this.#walks()) : undefined;
    return seen ?? failure('readInner', subject, map);
  }

  #walks(): boolean {
    return this.process.capabilities.bpf && this.machine.state?.features['walk'] !== false;
  }

  /** Bulk operations work off the event loop: nothing of them has happened when the call returns. */
  async #meanwhile(): Promise<void> {
    this.process.assertRunning();
    await Promise.resolve();
    this.process.assertRunning();
  }

  /** A reading, which a test may have fail. */
  look(operation: FakeOperation, subject: string): void {
    const errno = this.machine.look(this.process, operation, subject);
    if (errno !== undefined) throw failure(operation, subject, errno);
  }

  #mutate(operation: FakeOperation, subject: string, apply: () => Errno | undefined): Errno | undefined {
    return this.machine.mutate(this.process, { operation, subject }, apply);
  }

  /** One mutation per key: a test can crash in every state between. */
  #each(
    operation: FakeOperation,
    map: OpenMap,
    keys: readonly Uint8Array[],
    apply: (key: Uint8Array, index: number) => Errno | undefined,
  ): Failed {
    const failed = new Map<number, KernelError>();
    for (const [index, key] of keys.entries()) {
      const subject = `key ${hex(key)} of ${map.name}`;
      const errno = this.#mutate(operation, subject, () => apply(key, index));
      if (errno !== undefined) failed.set(index, failure(operation, subject, errno));
    }
    return failed;
  }

  /** BPF_OBJ_GET: the inode's owner and mode decide, unless CAP_DAC_OVERRIDE is held. */
  #pinned(path: string): FakeMap | Errno {
    const node = this.machine.tree.find(path);
    if (typeof node === 'string') return node;
    if (node.kind !== 'pin') return node.kind === 'directory' ? 'EACCES' : 'ELOOP';
    if (!this.process.capabilities.bpf) return 'EPERM';
    const wanted = node.owner === this.process.uid ? 0o600 : 0o006;
    const allowed = this.process.capabilities.dacOverride || (node.mode & wanted) === wanted;
    return allowed ? node.map : 'EACCES';
  }

  #at(address: InnerAddress): FakeMap | Errno {
    return 'pin' in address ? this.#pinned(address.pin) : this.#withId(address.id);
  }

  #withId(id: number): FakeMap | Errno {
    const { bpf, sysAdmin } = this.process.capabilities;
    return bpf && sysAdmin ? (this.machine.map(id) ?? 'ENOENT') : 'EPERM';
  }
}

function subjectOf(address: InnerAddress): string {
  return 'pin' in address ? address.pin : `with id ${address.id}`;
}
