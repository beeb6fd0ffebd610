import { MAP_FLAGS } from '../../api/outermap.ts';
import { NO_ENTRIES } from '../../core/entries.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { entriesOf, type Foreign } from './foreign.ts';

export const HASH_OF_MAPS: MapSpec = {
  type: 'HashOfMaps',
  keySize: 4,
  valueSize: 4,
  maxEntries: 64,
  flags: 0,
};
const ARRAY_OF_MAPS: MapSpec = { ...HASH_OF_MAPS, type: 'ArrayOfMaps', maxEntries: 8 };
export const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 16, flags: 0 };
export const key = (...bytes: number[]) => Uint8Array.from(bytes);

const rows = (count: number): [number[], number[]][] =>
  Array.from({ length: count }, (_, at) => [
    [at & 255, at >> 8, 0, 0],
    [at & 255, 1],
  ]);
const TRIE: MapSpec = { type: 'LPMTrie', keySize: 8, valueSize: 4, maxEntries: 64, flags: 1 };
const ARRAY_OF_ANY_SIZE: MapSpec = { ...HASH, type: 'Array', maxEntries: 4, flags: MAP_FLAGS.InnerMap };

/** The smallest is not the first. */
export const ARRAYS_OF_OTHER_SIZES = 'array of arrays of other sizes';

/** Outer maps as programs make them, by what is special about them; each must come back as it is. */
export function foreignMaps(root: string, possibleCpus: number): Readonly<Record<string, Foreign>> {
  return {
    'hash of hashes, a big one as a table, sealed ones, other sizes': {
      pin: `${root}/xdp/tenants`,
      outer: HASH_OF_MAPS,
      template: HASH,
      maps: [
        { key: key(1, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, rows(3)) },
        {
          key: key(2, 0, 0, 0),
          entries: entriesOf({ key: 4, value: 8 }, rows(3000)),
          spec: { ...HASH, maxEntries: 4000 },
        },
        { key: key(3, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, rows(2)), freeze: true },
        { key: key(4, 0, 0, 0), entries: entriesOf({ key: 4, value: 8 }, []) },
      ],
    },
    'array of arrays': {
      pin: `${root}/limits`,
      outer: ARRAY_OF_MAPS,
      template: { ...HASH, type: 'Array', valueSize: 6 },
      maps: [
        {
          key: key(5, 0, 0, 0),
          entries: entriesOf(
            { key: 4, value: 6 },
            Array.from({ length: 16 }, (_, at) => [[at], at % 3 === 0 ? [at, 0, 0, 0, 0, 255] : []]),
          ),
        },
      ],
    },
    [ARRAYS_OF_OTHER_SIZES]: {
      pin: `${root}/ports`,
      outer: ARRAY_OF_MAPS,
      template: ARRAY_OF_ANY_SIZE,
      maps: [12, 4, 8].map((maxEntries, at) => ({
        key: key(at, 0, 0, 0),
        entries: entriesOf(
          { key: 4, value: 8 },
          Array.from({ length: maxEntries }, (_, index) => [[index], [index + 1]]),
        ),
        spec: { ...ARRAY_OF_ANY_SIZE, maxEntries },
      })),
    },
    'hash of prefixes': {
      pin: `${root}/blocklists`,
      outer: HASH_OF_MAPS,
      template: TRIE,
      maps: [
        {
          key: key(1, 2, 3, 4),
          entries: entriesOf({ key: 8, value: 4 }, [
            [[8, 0, 0, 0, 10], [1]],
            [[32, 0, 0, 0, 10, 1, 2, 3], [2]],
          ]),
        },
      ],
    },
    'hash of tries whose prefixes have host bits': {
      pin: `${root}/paths`,
      outer: { ...HASH_OF_MAPS, keySize: 16 },
      template: TRIE,
      maps: [
        {
          key: new Uint8Array(16).fill(7),
          entries: entriesOf({ key: 8, value: 4 }, [[[8, 0, 0, 0, 10, 99, 0, 0], [1]]]),
        },
      ],
    },
    'per-CPU values': {
      pin: `${root}/counters`,
      outer: ARRAY_OF_MAPS,
      template: { ...HASH, type: 'PerCPUHash', valueSize: 4 },
      maps: [
        {
          key: key(0, 0, 0, 0),
          entries: entriesOf({ key: 4, value: 8 * possibleCpus }, [
            [[1], perCpu(possibleCpus, cpu => cpu + 5)],
            [[2], perCpu(possibleCpus, () => 7)],
          ]),
        },
      ],
    },
    'an empty outer map': { pin: `${root}/empty`, outer: HASH_OF_MAPS, template: HASH, maps: [] },
    'queues, which have no contents to declare': {
      pin: `${root}/queues`,
      outer: ARRAY_OF_MAPS,
      template: { type: 'Queue', keySize: 0, valueSize: 8, maxEntries: 16, flags: 0 },
      maps: [{ key: key(1, 0, 0, 0), entries: NO_ENTRIES }],
    },
  };
}

/** One byte a CPU, each in its own 8 bytes. */
function perCpu(possibleCpus: number, value: (cpu: number) => number): number[] {
  return Array.from({ length: possibleCpus }, (_, cpu) => [value(cpu), 0, 0, 0, 0, 0, 0, 0]).flat();
}
