import type { BpfCall } from '../../counts.ts';
import type { Errno } from '../../error.ts';

/**
 * A mutation hook throws it for a kill -9 before that mutation: the mutation does not happen, and the process does nothing
 * after it, not even in a `finally`. `machine.kill(kernel)` then closes its fds, locks and watches.
 */
export class Crash extends Error {
  constructor(before: string) {
    super(`Killed before: ${before}`);
    this.name = 'Crash';
  }
}

/** Operations that can be made to fail, by the name of the method; `build` is its first step, `fill`, `freeze` and `pin` its others. */
const WORDS = {
  createOuter: 'create outer map',
  build: 'create inner map',
  fill: 'fill inner map',
  freeze: 'freeze inner map',
  open: 'open',
  openById: 'open map with id',
  template: 'read template of',
  typesOfUsers: 'find the programs that use',
  loadTypes: 'load the types of',
  accepts: 'try an inner map in',
  readOuter: 'read outer map',
  replace: 'replace',
  remove: 'remove',
  identify: 'identify',
  readInner: 'read inner map',
  asExpected: 'compare inner maps of',
  verify: 'verify inner map',
  edit: 'edit',
  probe: 'probe',
  list: 'list',
  exists: 'look at',
  makeDirectory: 'make directory',
  removeDirectory: 'remove directory',
  pin: 'pin at',
  chmod: 'set mode of',
  rename: 'rename',
  unlink: 'unlink',
  writeRecord: 'write record',
  readRecord: 'read record',
  lock: 'lock',
  mounted: 'use the bpffs at',
} as const;

export type FakeOperation = keyof typeof WORDS;

/** The operation in words, for messages and hooks. */
export function wordsOf(operation: FakeOperation): string {
  return WORDS[operation];
}

/** The bpf() commands of the real kernel for each operation; operations without bpf() have none. */
const BPF: Readonly<Partial<Record<FakeOperation, BpfCall>>> = {
  createOuter: 'create',
  loadTypes: 'load_btf',
  build: 'create',
  fill: 'update_batch',
  freeze: 'freeze',
  open: 'obj_get',
  openById: 'fd_by_id',
  accepts: 'update',
  readOuter: 'lookup_batch',
  replace: 'update_batch',
  remove: 'delete_batch',
  identify: 'obj_get',
  readInner: 'lookup_batch',
  verify: 'lookup_batch',
  edit: 'update_batch',
  pin: 'pin',
};

export function bpfCallOf(operation: FakeOperation): BpfCall | undefined {
  return BPF[operation];
}

interface Fault {
  readonly operation: FakeOperation;
  readonly errno: Errno;
  readonly where: string;
  left: number;
}

/** Failures that a test ordered; each ends after the operations that it is for. */
export class Faults {
  readonly #ordered: Fault[] = [];
  #mutation: { left: number; readonly errno: Errno } | undefined;

  order(fault: { operation: FakeOperation; errno: Errno; times: number; where: string }): void {
    const { times, ...rest } = fault;
    this.#ordered.push({ ...rest, left: times });
  }

  /** One mutation fails: the one after `left` others, whatever it is. Undefined: none. */
  orderMutation(fault: { left: number; errno: Errno } | undefined): void {
    this.#mutation = fault;
  }

  /** Counts a mutation. The errno that it fails with; undefined for none. */
  takeMutation(operation: FakeOperation, subject: string): Errno | undefined {
    const fault = this.#mutation;
    if (fault === undefined || fault.left-- > 0) return this.take(operation, subject);
    this.#mutation = undefined;
    return fault.errno;
  }

  /** The errno that this operation fails with; undefined for none. */
  take(operation: FakeOperation, subject: string): Errno | undefined {
    const found = this.#ordered.findIndex(
      fault => fault.operation === operation && subject.includes(fault.where),
    );
    const fault = this.#ordered[found];
    if (fault === undefined) return undefined;
    fault.left -= 1;
    if (fault.left <= 0) this.#ordered.splice(found, 1);
    return fault.errno;
  }
}
