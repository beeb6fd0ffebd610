import type { Abandoned } from '../../core/found/found.ts';
import { hex } from '../../core/hex.ts';
import { LEDGER, type LedgerRecord, ledgerPaths, parseRecord } from '../../core/ledger.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { pinFound } from './outer.ts';

/** Ledgers that no declared OuterMap claims. Only those that say Delete are looked into: Retain leaves all of it. */
export async function abandonedLedgers(
  kernel: Kernel,
  declared: ReadonlySet<string>,
): Promise<readonly Abandoned[]> {
  const names = kernel.pins.list(`${kernel.pins.root}/${LEDGER}`).filter(name => !declared.has(name));
  const ledgers: Abandoned[] = [];
  for (const name of names.toSorted()) {
    const text = kernel.pins.readRecord(ledgerPaths(kernel.pins.root, name).spec);
    const record = text === undefined ? undefined : parseRecord(text);
    if (record === undefined ? isEmpty(kernel, name) : record.deletionPolicy === 'Delete') {
      ledgers.push(await abandoned(kernel, name, record));
    }
  }
  return ledgers;
}

/** A crash came before the record was made, or after it was taken away: directories without content. */
function isEmpty(kernel: Kernel, name: string): boolean {
  const { directory, inner } = ledgerPaths(kernel.pins.root, name);
  const names = kernel.pins.list(directory);
  return (
    names.length === 0 || (names.length === 1 && names[0] === 'inner' && kernel.pins.list(inner).length === 0)
  );
}

/** The ledger of one outer map, from the bpffs alone. */
async function abandoned(kernel: Kernel, name: string, record: LedgerRecord | undefined): Promise<Abandoned> {
  const paths = ledgerPaths(kernel.pins.root, name);
  const ledger = pinFound(kernel, paths.outer);
  const pin =
    record?.pin === undefined
      ? { kind: 'absent' as const }
      : pinFound(kernel, `${kernel.pins.root}/${record.pin}`);
  const pins = new Map<string, number>();
  const names = kernel.pins.list(paths.inner);
  const ids = await kernel.identify(names.map(pinName => `${paths.inner}/${pinName}`));
  names.forEach((pinName, at) => {
    const id = ids[at];
    if (typeof id === 'number') pins.set(pinName, id);
  });
  const entries = ledger.kind === 'map' ? await entriesOf(kernel, paths.outer) : new Map<string, number>();
  return { name, ...(record === undefined ? {} : { record }), ledger, pin, entries, pins };
}

async function entriesOf(kernel: Kernel, path: string): Promise<ReadonlyMap<string, number>> {
  const map = kernel.open(path);
  try {
    const { keys, ids, count } = await kernel.readOuter(map);
    const { keySize } = map.spec;
    const entries = new Map<string, number>();
    for (let index = 0; index < count; index++)
      entries.set(hex(keys, index * keySize, (index + 1) * keySize), ids[index]!);
    return entries;
  } finally {
    map.close();
  }
}
