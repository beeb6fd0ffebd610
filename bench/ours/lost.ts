import { startBusy } from '../../native/stage.ts';
import type { Entries } from '../../operator/core/entries.ts';
import type { MapSpec } from '../../operator/core/mapspec.ts';
import { KernelError } from '../../operator/kernel/error.ts';
import type { Edit, Failed, Kernel, OpenMap } from '../../operator/kernel/kernel.ts';
import { openKernel } from '../../operator/kernel/libbpf/kernel.ts';
import type { Work } from './work.ts';

/** In each of them a program counts, by turns; one edit writes all of them. */
const ENTRIES = 100;
/** `struct { __u32 declared; __u64 counted; }` */
const VALUE_SIZE = 16;
const COUNTED = 8;
/** The counter is the program's; the padding is written with what is declared. */
const MASK = Uint8Array.from({ length: VALUE_SIZE }, (_, at) => (at < COUNTED ? 0xff : 0));
const KEY = Uint8Array.of(0, 0, 0, 0);
const HEX_KEY = '00000000';

const TYPES = [
  ['lostHashHash', 'HashOfMaps', 'Hash'],
  ['lostHashArray', 'HashOfMaps', 'Array'],
  ['lostArrayHash', 'ArrayOfMaps', 'Hash'],
  ['lostArrayArray', 'ArrayOfMaps', 'Array'],
] as const;

/** Edits of live entries, as the agent makes them, while a program on another processor counts in the same entries. */
export const lost: Work = async ({ bpffs }, { edits = 1_000_000 }) => {
  const kernel = openKernel({ bpffs });
  try {
    await kernel.probe();
    const losses: Record<string, number> = {};
    let seconds = 0;
    for (const [name, outer, inner] of TYPES) {
      const trial = await prepare(kernel, { name, outer, inner });
      const answer = await editing(kernel, trial, edits);
      losses[name] = answer.lost;
      seconds += answer.seconds;
    }
    return { seconds, ...losses };
  } finally {
    kernel.close();
  }
};

interface Trial {
  readonly outer: OpenMap;
  readonly inner: OpenMap;
  readonly outerPin: string;
  readonly innerPin: string;
}

/** An outer map with one inner map, in which nothing is counted yet. */
async function prepare(
  kernel: Kernel,
  types: { readonly name: string; readonly outer: MapSpec['type']; readonly inner: MapSpec['type'] },
): Promise<Trial> {
  const spec = { type: types.inner, keySize: 4, valueSize: VALUE_SIZE, maxEntries: ENTRIES, flags: 0 };
  const outerSpec = { type: types.outer, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0 };
  const [outerPin, innerPin] = [
    `${kernel.pins.root}/${types.name}`,
    `${kernel.pins.root}/${types.name}-inner`,
  ];
  const outer = kernel.createOuter(outerSpec, spec, 'lost');
  kernel.pins.pin(outer, outerPin, 0o600);
  const request = {
    spec,
    name: 'lost',
    label: types.name,
    entries: declared(0),
    freeze: false,
    pins: [innerPin],
  };
  const [inner] = await kernel.build([request]);
  if (inner === undefined || inner instanceof KernelError) throw inner;
  refuse(await kernel.replace(outer, KEY, [inner]));
  return { outer, inner, outerPin, innerPin };
}

/** What the program counted and the map has not. Throws where an edit did not arrive: what wrote nothing loses nothing. */
async function editing(kernel: Kernel, { outer, inner, outerPin, innerPin }: Trial, edits: number) {
  const place = [
    '--key',
    HEX_KEY,
    '--entry',
    HEX_KEY,
    '--entries',
    String(ENTRIES),
    '--offset',
    String(COUNTED),
  ];
  const busy = await startBusy('increment', '--outer', outerPin, ...place);
  try {
    const rounds = Math.ceil(edits / ENTRIES);
    const before = performance.now();
    for (let round = 1; round <= rounds; round++) refuse(await kernel.edit(inner, editTo(round)));
    const seconds = (performance.now() - before) / 1000;
    const { increments } = await busy.end();
    const [reading] = await kernel.readInner([{ pin: innerPin }]);
    if (reading === undefined || reading instanceof KernelError) throw reading;
    return { seconds, lost: increments - countedIn(reading.entries, rounds) };
  } finally {
    await busy.kill();
    inner.close();
    outer.close();
  }
}

function editTo(round: number): Edit {
  return {
    upserts: declared(round),
    deletes: new Uint8Array(0),
    kept: { mask: MASK, entries: new Uint8Array(ENTRIES).fill(1) },
  };
}

/** Each entry with this number in its declared field. */
function declared(round: number): Entries {
  const keys = Uint32Array.from({ length: ENTRIES }, (_, key) => key);
  const words = new Uint32Array((ENTRIES * VALUE_SIZE) / 4);
  for (let at = 0; at < words.length; at += VALUE_SIZE / 4) words[at] = round;
  return { count: ENTRIES, keys: new Uint8Array(keys.buffer), values: new Uint8Array(words.buffer) };
}

function countedIn({ count, values }: Entries, round: number): number {
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength);
  let counted = 0;
  for (let entry = 0; entry < count; entry++) {
    const at = entry * VALUE_SIZE;
    if (view.getUint32(at, true) !== round) throw new Error(`Cannot compare: entry ${entry} was not edited`);
    counted += Number(view.getBigUint64(at + COUNTED, true));
  }
  if (count !== ENTRIES) throw new Error(`Cannot compare: ${count} entries of ${ENTRIES}`);
  return counted;
}

function refuse(failed: Failed): void {
  for (const error of failed.values()) throw error;
}
