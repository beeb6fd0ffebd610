import { isLRU } from '../../../core/mapspec.ts';
import { KernelError } from '../../error.ts';
import type { Edit, Failed, Place } from '../../kernel.ts';
import { kernelError } from '../errno.ts';
import type { Host, OwnedMap } from '../maps.ts';
import { isWalkedType } from '../walk/layouts.ts';
import { failuresOf, keysOf, pairsOf } from './write.ts';

/** Where an inner map is, in an outer map that this process has open. */
type OwnPlace = Omit<Place, 'outer'> & { readonly outer: OwnedMap };

/** Edits an inner map that cannot be opened through its outer map, off the event loop, by a program of ours. */
export async function editPlace(
  { library, possibleCpus }: Host,
  { outer, key, spec }: OwnPlace,
  { upserts, deletes, kept }: Edit,
): Promise<Failed> {
  const label = `inner map in ${outer.label}`;
  if (!isWalkedType(spec)) throw refusal(label, 'EOPNOTSUPP');
  const puts = pairsOf({ label, spec }, upserts, possibleCpus);
  const gone = keysOf({ label, spec }, deletes);
  const count = puts.count + gone.count;
  if (count === 0) return new Map();
  const keys = new Uint8Array(puts.keys.length + gone.keys.length);
  keys.set(puts.keys);
  keys.set(gone.keys, puts.keys.length);
  const answers = new Int32Array(count);
  const values = puts.values!;
  const lengths = [keys, values, answers].map(({ byteLength }) => byteLength);
  const merges = isLRU(spec.type) ? 1 : 0;
  const sizes = [key.length, spec.keySize, puts.stride, puts.count, gone.count, ...lengths, merges];
  const { mapPlace } = library;
  const answer = await mapPlace.later(
    outer.fd,
    Uint32Array.from(sizes),
    key,
    keys,
    values,
    kept?.mask ?? null,
    answers,
  );
  if (answer < 0) throw kernelError('edit', label, answer, NEEDED);
  const failed = new Map<number, number>();
  for (const [index, one] of answers.entries()) if (one < 0) failed.set(index, one);
  return failuresOf({ label, spec }, failed, index =>
    index < puts.count ? `put entry ${index} into` : 'delete an entry of',
  );
}

const NEEDED = 'it can be edited by its id alone, which needs CAP_SYS_ADMIN';

function refusal(label: string, errno: string): KernelError {
  return new KernelError('edit', label, errno, NEEDED);
}
