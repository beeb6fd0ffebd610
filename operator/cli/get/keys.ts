import { keyText } from '../../core/codec/keytext.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Type } from '../../core/types/type.ts';
import { type Held, heldMaps, isReading } from '../../ledger/held.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { bytesType, declaredKeyType } from '../export/declared.ts';
import { note } from '../terminal/note.ts';
import { inKeyOrder } from '../terminal/order.ts';
import { withProgress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';
import { type GetOptions, withOuterMap, write } from './view.ts';

/** `innermap get OUTER` */
export async function getKeys(view: GetOptions, name: string): Promise<void> {
  const { kernel, terminal } = view;
  const failures: string[] = [];
  const rows = await withOuterMap(view, name, (outer, ledger) => {
    const type = keyTypeOf(view, ledger, outer.spec);
    return withProgress(terminal, 'Reading inner maps', async progress => {
      const read: Row[] = [];
      for await (const held of heldMaps(kernel, { outer, ledger, places: inKeyOrder(type), progress })) {
        read.push(rowOf(held, type));
        if (!isReading(held.reading)) failures.push(held.reading.message);
      }
      return read;
    });
  });
  if (failures.length > 0)
    note(terminal, `${failures.length} of ${rows.length} inner maps could not be read: ${failures[0]}`);
  write(view, rows, () => tableOf(view, name, rows));
}

function keyTypeOf({ terminal }: GetOptions, ledger: Ledger, outer: MapSpec): Type {
  const declared = declaredKeyType(ledger, outer);
  if (declared !== undefined) return declared;
  note(terminal, `The record of ${ledger.name} declares no such key: keys are shown as hexadecimal bytes`);
  return bytesType(outer.keySize);
}

type Row = ReturnType<typeof rowOf>;

function rowOf({ key, id, ours, reading }: Held, type: Type) {
  const entries = isReading(reading) ? reading.entries.count : null;
  // What was read at its key alone shows its entries
  const read = isReading(reading) && reading.entriesAlone !== true ? reading : undefined;
  const maxEntries = read?.spec.maxEntries ?? null;
  return { key: keyText(type, key), id, entries, maxEntries, ours, frozen: read?.frozen ?? null };
}

function tableOf({ bpffs }: GetOptions, name: string, rows: readonly Row[]): string {
  if (rows.length === 0) return `No keys: outer map ${name} in ${bpffs.onNode} is empty\n`;
  const yes = (is: boolean | null) => (is === null ? '' : is ? 'yes' : 'no');
  return table(rows, {
    KEY: ({ key }) => key,
    ID: ({ id }) => id,
    ENTRIES: ({ entries }) => entries,
    MAX: ({ maxEntries }) => maxEntries,
    OURS: ({ ours }) => yes(ours),
    FROZEN: ({ frozen }) => yes(frozen),
  });
}
