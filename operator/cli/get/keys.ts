import { keyText } from '../../core/codec/keytext.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { OpenMap } from '../../kernel/kernel.ts';
import { type Held, heldMaps, isReading } from '../../ledger/held.ts';
import { type Ledger, ledgerOf } from '../../ledger/ledger.ts';
import { withMap } from '../../ledger/reading.ts';
import { bytesType, declaredLayout } from '../export/declared.ts';
import { inKeyOrder } from '../terminal/order.ts';
import { withProgress } from '../terminal/progress.ts';
import { table } from '../terminal/table.ts';
import { type GetOptions, note, write } from './view.ts';

/** `innermap get OUTER` */
export async function getKeys(view: GetOptions, name: string): Promise<void> {
  const ledger = ledgerOf(view.kernel.pins, name);
  const keys = await withMap(view.kernel, ledger.paths.outer, outer => keysOf(view, ledger, outer));
  if (keys === undefined) throw new Error(outerMapGone(ledger));
  const unread = keys.filter(key => key.entries === null);
  if (unread.length > 0) {
    note(
      view.terminal,
      `${unread.length} of ${keys.length} inner maps could not be read: ${unread[0]!.error}`,
    );
  }
  write(
    view,
    keys.map(({ error: _, ...key }) => key),
    () => tableOf(view, name, keys),
  );
}

export function outerMapGone({ name, paths }: Ledger): string {
  return `Cannot read outer map ${name}: nothing is pinned at ${paths.outer}; the agent makes or finds it in its next turn`;
}

interface Key {
  readonly key: string;
  readonly id: number;
  readonly entries: number | null;
  readonly maxEntries: number | null;
  readonly ours: boolean;
  readonly frozen: boolean | null;
  readonly error?: string;
}

async function keysOf(view: GetOptions, ledger: Ledger, outer: OpenMap): Promise<readonly Key[]> {
  const keyType = keyTypeOf(view, ledger, outer);
  return withProgress(view.terminal, 'Reading inner maps', async progress => {
    const keys: Key[] = [];
    const sought = { outer, ledger, places: inKeyOrder(keyType), progress };
    for await (const held of heldMaps(view.kernel, sought)) keys.push(keyOf(held, keyType));
    return keys;
  });
}

function keyTypeOf(view: GetOptions, ledger: Ledger, outer: OpenMap): OuterLayout['outerKey'] {
  const declared = declaredLayout(ledger.name, ledger.record)?.outerKey;
  if (declared?.size === outer.spec.keySize) return declared;
  note(
    view.terminal,
    `The record of ${ledger.name} declares no such key: keys are shown as hexadecimal bytes`,
  );
  return bytesType(outer.spec.keySize);
}

function keyOf({ key, id, ours, reading }: Held, type: OuterLayout['outerKey']): Key {
  const text = keyText(type, key);
  if (!isReading(reading)) {
    return { key: text, id, entries: null, maxEntries: null, ours, frozen: null, error: reading.message };
  }
  const { entries, spec, frozen } = reading;
  return { key: text, id, entries: entries.count, maxEntries: spec.maxEntries, ours, frozen };
}

function tableOf(view: GetOptions, name: string, keys: readonly Key[]): string {
  if (keys.length === 0) return `No keys: outer map ${name} in ${view.bpffs.onNode} is empty\n`;
  const rows = keys.map(({ key, id, entries, maxEntries, ours, frozen }) => [
    key,
    `${id}`,
    entries === null ? '' : `${entries}`,
    maxEntries === null ? '' : `${maxEntries}`,
    ours ? 'yes' : 'no',
    frozen === null ? '' : frozen ? 'yes' : 'no',
  ]);
  return table(['KEY', 'ID', 'ENTRIES', 'MAX', 'OURS', 'FROZEN'], rows);
}
