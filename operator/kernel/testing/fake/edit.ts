import { MAP_FLAGS } from '../../../api/outermap.ts';
import { hex } from '../../../core/bytes/hex.ts';
import type { Errno } from '../../error.ts';
import { KernelError } from '../../error.ts';
import type { Edit, Failed, OpenMap, Place } from '../../kernel.ts';
import { failure, ours } from './bpffs/pins.ts';
import { type FakeOperation, wordsOf } from './faults.ts';
import type { FakeKernel } from './kernel.ts';
import type { OuterTable } from './map.ts';
import type { FakeOpenMap } from './process.ts';
import { runsOf } from './table.ts';
import { isWalked } from './walk.ts';

/** One mutation per entry: upserts, then deletes, then again the upserts that found the map full. */
export function editMap(
  kernel: FakeKernel,
  opened: Pick<FakeOpenMap, 'map' | 'name' | 'writable'>,
  edit: Edit,
): Failed {
  const { stride, spec, table } = opened.map;
  const { upserts } = edit;
  const upserted = runsOf(upserts.keys, spec.keySize, upserts.count);
  const values = runsOf(upserts.values, stride, upserts.count);
  const deleted = runsOf(
    edit.deletes,
    spec.keySize,
    spec.keySize === 0 ? 0 : edit.deletes.length / spec.keySize,
  );
  const failed = new Map<number, KernelError>();
  const attempt = (index: number, key: Uint8Array, apply: () => Errno | undefined): void => {
    const subject = `key ${hex(key)} of ${opened.name}`;
    const step = { operation: 'edit', subject } as const;
    const errno = kernel.machine.mutate(kernel.process, step, () => (opened.writable ? apply() : 'EPERM'));
    failed.delete(index);
    if (errno !== undefined) failed.set(index, new KernelError(wordsOf('edit'), subject, errno));
  };
  const put = (index: number) =>
    attempt(index, upserted[index]!, () => {
      // For an absent prefix a trie answers the one around it
      const isLookedUp = edit.kept?.entries[index] === 1 || spec.type !== 'LPMTrie';
      const found = isLookedUp ? table.lookup(upserted[index]!) : undefined;
      return table.upsert(upserted[index]!, merged(values[index]!, found, edit.kept?.mask));
    });
  for (const index of upserted.keys()) put(index);
  for (const [index, key] of deleted.entries()) {
    attempt(upserts.count + index, key, () => unlessAbsent(table.delete(key)));
  }
  if (deleted.length > 0)
    for (const [index, error] of [...failed]) if (isFull(error) && index < upserts.count) put(index);
  return new Map([...failed].sort(([a], [b]) => a - b));
}

/** Where the mask is 0, the entry's bytes at the moment of the write stay. */
function merged(given: Uint8Array, found: Uint8Array | undefined, mask: Uint8Array | undefined): Uint8Array {
  if (found === undefined || mask === undefined) return given;
  return given.map((byte, at) => (byte & mask[at]!) | (found[at]! & ~mask[at]!));
}

/** By a program that looks the map up in its outer map: it writes into a frozen map, too. */
export function editPlace(
  kernel: FakeKernel,
  { outer, key, spec, walks }: Place & { readonly walks: boolean },
  edit: Edit,
): Failed {
  const map = outerOf(outer, 'edit').inner(key);
  const subject = `inner map in ${outer.name}`;
  if (!walks || !isWalked(spec)) throw failure('edit', subject, 'EOPNOTSUPP');
  if ((spec.flags & MAP_FLAGS.ReadOnlyProg) !== 0) throw failure('edit', subject, 'EACCES');
  if (map !== undefined) return editMap(kernel, { map, name: map.name, writable: true }, edit);
  const count = edit.upserts.count + edit.deletes.length / spec.keySize;
  return new Map(Array.from({ length: count }, (_, at) => [at, failure('edit', subject, 'ESTALE')]));
}

/** Another writer deleted the entry first. */
export function unlessAbsent(errno: Errno | undefined): Errno | undefined {
  return errno === 'ENOENT' ? undefined : errno;
}

function isFull({ errno }: KernelError): boolean {
  return errno === 'E2BIG' || errno === 'ENOSPC';
}

export function outerOf(map: OpenMap, operation: FakeOperation): OuterTable {
  const { outer } = ours(map).map;
  if (outer === undefined) throw failure(operation, map.name, 'EINVAL');
  return outer;
}
