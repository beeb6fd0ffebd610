import { keyBytes, keyText } from '../../core/codec/keytext.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { InnerReading, OpenMap } from '../../kernel/kernel.ts';
import { type Held, heldAt, isReading, unreadable } from '../../ledger/held.ts';
import { type Ledger, ledgerOf } from '../../ledger/ledger.ts';
import { withMap } from '../../ledger/reading.ts';
import { listedEntries } from '../export/content.ts';
import { bytesType, declaredLayout } from '../export/declared.ts';
import { innerMapManifest } from '../export/manifests.ts';
import { InnerMapNames } from '../export/names.ts';
import { table } from '../terminal/table.ts';
import type { Plain } from '../terminal/yaml.ts';
import { outerMapGone } from './keys.ts';
import { type GetOptions, layoutFor, write } from './view.ts';

/** `innermap get OUTER KEY` */
export async function getInnerMap(view: GetOptions, name: string, key: string): Promise<void> {
  const ledger = ledgerOf(view.kernel.pins, name);
  const found = await withMap(view.kernel, ledger.paths.outer, async outer => ({
    spec: outer.spec,
    held: await heldOf(view, ledger, outer, key),
  }));
  if (found === undefined) throw new Error(outerMapGone(ledger));
  const { spec, held } = found;
  if (!isReading(held.reading)) throw new Error(unreadable(key, held));
  show(view, ledger, { outer: spec, key: held.key, reading: held.reading });
}

async function heldOf(view: GetOptions, ledger: Ledger, outer: OpenMap, key: string): Promise<Held> {
  const held = await heldAt(view.kernel, outer, ledger, keyOf(ledger, outer, key));
  if (held !== undefined) return held;
  throw new Error(
    `Cannot find key ${key} in outer map ${ledger.name}: \`${view.terminal.program} get ${ledger.name}\` lists its keys`,
  );
}

/** The key as the OuterMap declares it; as hexadecimal bytes where it declares none. */
function keyOf(ledger: Ledger, outer: OpenMap, key: string): Uint8Array {
  const declared = declaredLayout(ledger.name, ledger.record)?.outerKey;
  const type = declared?.size === outer.spec.keySize ? declared : bytesType(outer.spec.keySize);
  const parsed = keyBytes(type, key);
  if (parsed.ok) return parsed.bytes;
  throw new Error(`Cannot read key ${key} of outer map ${ledger.name}: ${parsed.message}`);
}

interface Found {
  readonly outer: MapSpec;
  readonly key: Uint8Array;
  readonly reading: InnerReading;
}

function show(view: GetOptions, ledger: Ledger, { outer, key, reading }: Found): void {
  const layout = layoutFor(view, ledger, outer, reading.spec);
  const { possibleCpus } = view.kernel;
  const name = new InnerMapNames(ledger.name).nameFor(keyText(layout.outerKey, key));
  const manifest = innerMapManifest({ name, outerMap: ledger.name, layout, key, reading, possibleCpus });
  write(view, manifest, () => entriesTable(layout, reading, possibleCpus));
}

function entriesTable(layout: OuterLayout, reading: InnerReading, possibleCpus: number): string {
  const entries = listedEntries(layout, reading.entries, possibleCpus);
  if (entries.length > 0)
    return table(
      ['KEY', 'VALUE'],
      entries.map(({ key, value }) => [cell(key), cell(value)]),
    );
  const all =
    reading.entries.count === 0 ? 'it is empty' : `all of its ${reading.entries.count} entries are zero`;
  return `No entries to show: ${all}\n`;
}

/** `port=443,proto=6`; lists as JSON. */
function cell(value: Plain): string {
  if (value === null || typeof value !== 'object') return String(value);
  return Array.isArray(value)
    ? JSON.stringify(value)
    : fields(value as { readonly [key: string]: Plain }, '').join(',');
}

function fields(object: { readonly [key: string]: Plain }, path: string): readonly string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const nested = value !== null && typeof value === 'object' && !Array.isArray(value);
    if (nested) return fields(value as { readonly [key: string]: Plain }, `${path}${name}.`);
    return [`${path}${name}=${cell(value)}`];
  });
}
