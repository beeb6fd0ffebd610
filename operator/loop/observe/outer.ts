import type { DesiredOuter } from '../../core/desired/desired.ts';
import type { PinFound } from '../../core/found/found.ts';
import { hex } from '../../core/hex.ts';
import { ledgerPaths, parseRecord } from '../../core/ledger.ts';
import { KernelError } from '../../kernel/error.ts';
import type { Kernel, OpenMap } from '../../kernel/kernel.ts';
import type { OuterMemory } from '../memory.ts';
import { paced } from '../pace.ts';
import { reasonOf } from '../reason.ts';

/** Reads one outer map and its ledger into memory: record, both pins, template, entries, inner pins. */
export async function readOuterMemory(
  kernel: Kernel,
  desired: DesiredOuter,
  known: OuterMemory,
): Promise<void> {
  const { pin, provision } = desired.outerMap.spec;
  const paths = ledgerPaths(kernel.pins.root, desired.outerMap.metadata.name);
  const record = kernel.pins.readRecord(paths.spec);
  known.record = record === undefined ? undefined : parseRecord(record);
  known.ledger = pinFound(kernel, paths.outer);
  known.pinPath = pin === undefined ? undefined : `${kernel.pins.root}/${pin}`;
  known.pin = known.pinPath === undefined ? { kind: 'absent' } : pinFound(kernel, known.pinPath);
  const used = provision === 'Adopt' ? known.pinPath : paths.outer;
  const source = provision === 'Adopt' ? known.pin : known.ledger;
  await readEntries(kernel, source.kind === 'map' ? used : undefined, desired, known);
  await readPins(kernel, paths.inner, known.pins);
  known.stale = false;
}

/** A pin opened, asked and closed. */
export function pinFound(kernel: Kernel, path: string): PinFound {
  try {
    const map = kernel.open(path);
    map.close();
    return { kind: 'map', id: map.id, spec: map.spec };
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    if (error.errno === 'ENOENT' || error.errno === 'ENOTDIR') return { kind: 'absent' };
    return { kind: 'unreadable', reason: reasonOf(error), message: error.message };
  }
}

async function readEntries(
  kernel: Kernel,
  path: string | undefined,
  desired: DesiredOuter,
  known: OuterMemory,
): Promise<void> {
  known.entries.clear();
  if (path === undefined) return;
  const map = kernel.open(path);
  try {
    if (known.template?.of !== map.id) known.template = templateOf(kernel, map, desired);
    const { keys, ids, count } = await kernel.readOuter(map);
    const { keySize } = map.spec;
    await paced(numbersBelow(count), index => {
      known.entries.set(hex(keys, index * keySize, (index + 1) * keySize), ids[index]!);
    });
  } finally {
    map.close();
  }
}

/** A made map's template is known from its record; an adopted one's is read, or tried. */
function templateOf(
  kernel: Kernel,
  map: OpenMap,
  desired: DesiredOuter,
): NonNullable<OuterMemory['template']> {
  if (desired.outerMap.spec.provision === 'Create') return { of: map.id };
  const spec = kernel.template(map);
  if (spec !== undefined) return { of: map.id, spec };
  const accepts = kernel.accepts(map, desired.layout.template);
  return accepts === undefined ? { of: map.id } : { of: map.id, accepts };
}

/** Only names that are new since the last look are opened: an id never changes below a name that we keep. */
async function readPins(kernel: Kernel, directory: string, pins: Map<string, number>): Promise<void> {
  const names = kernel.pins.list(directory);
  const present = new Set(names);
  for (const name of pins.keys()) if (!present.has(name)) pins.delete(name);
  const unknown = names.filter(name => !pins.has(name));
  const ids = unknown.length === 0 ? [] : await kernel.identify(unknown.map(name => `${directory}/${name}`));
  unknown.forEach((name, at) => {
    const id = ids[at];
    if (typeof id === 'number') pins.set(name, id);
  });
}

function* numbersBelow(count: number): Generator<number> {
  for (let index = 0; index < count; index++) yield index;
}
