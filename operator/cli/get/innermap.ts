import { isObject } from '../../api/parse/section.ts';
import { keyBytes, keyText } from '../../core/codec/keytext.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { InnerReading } from '../../kernel/kernel.ts';
import { heldAt, isReading, unreadable } from '../../ledger/held.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { listedEntries } from '../export/content.ts';
import { bytesType, declaredKeyType } from '../export/declared.ts';
import { innerMapManifest } from '../export/manifests.ts';
import { innerMapNameFor } from '../export/names.ts';
import { table } from '../terminal/table.ts';
import { type GetOptions, layoutFor, withOuterMap, write } from './view.ts';

/** `innermap get OUTER KEY` */
export async function getInnerMap(view: GetOptions, name: string, given: string): Promise<void> {
  const { kernel, terminal } = view;
  const { possibleCpus } = kernel;
  const { ledger, spec, held } = await withOuterMap(view, name, async (outer, ledger) => ({
    ledger,
    spec: outer.spec,
    held: await heldAt(kernel, outer, ledger, keyOf(ledger, outer.spec, given)),
  }));
  if (held === undefined)
    throw new Error(
      `Cannot find key ${given} in outer map ${name}: \`${terminal.program} get ${name}\` lists its keys`,
    );
  const { key, reading } = held;
  if (!isReading(reading)) throw new Error(unreadable(given, held));
  const layout = layoutFor(view, ledger, spec, reading.spec);
  const inner = { outerMap: name, layout, key, reading, possibleCpus };
  const manifest = innerMapManifest({ ...inner, name: innerMapNameFor(name, keyText(layout.outerKey, key)) });
  write(view, manifest, () => entriesTable(layout, reading, possibleCpus));
}

/** The key as the OuterMap declares it; as hexadecimal bytes where it declares none. */
function keyOf(ledger: Ledger, outer: MapSpec, key: string): Uint8Array {
  const parsed = keyBytes(declaredKeyType(ledger, outer) ?? bytesType(outer.keySize), key);
  if (parsed.ok) return parsed.bytes;
  throw new Error(`Cannot read key ${key} of outer map ${ledger.name}: ${parsed.message}`);
}

function entriesTable(layout: OuterLayout, { entries }: InnerReading, possibleCpus: number): string {
  const listed = listedEntries(layout, entries, possibleCpus);
  if (listed.length > 0)
    return table(listed, { KEY: ({ key }) => cell(key), VALUE: ({ value }) => cell(value) });
  const all = entries.count === 0 ? 'it is empty' : `all of its ${entries.count} entries are zero`;
  return `No entries to show: ${all}\n`;
}

/** `port=443,proto=6`; lists as JSON. */
function cell(value: unknown): string {
  if (isObject(value)) return fields(value, '').join(',');
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function fields(object: object, path: string): readonly string[] {
  return Object.entries(object).flatMap(([name, value]) =>
    isObject(value) ? fields(value, `${path}${name}.`) : [`${path}${name}=${cell(value)}`],
  );
}
