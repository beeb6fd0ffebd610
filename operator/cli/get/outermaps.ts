import { mapsText } from '../../core/plan/print.ts';
import { asOnNode } from '../../core/report/onnode.ts';
import { type Ledger, ledgersIn } from '../../ledger/ledger.ts';
import { withMap } from '../../ledger/reading.ts';
import { declaredLayout } from '../export/declared.ts';
import { table } from '../terminal/table.ts';
import { type GetOptions, write } from './view.ts';

/** `innermap get` */
export async function getOuterMaps(view: GetOptions): Promise<void> {
  const rows: Awaited<ReturnType<typeof rowOf>>[] = [];
  for (const ledger of ledgersIn(view.kernel.pins)) rows.push(await rowOf(view, ledger));
  write(view, rows, () => {
    if (rows.length === 0)
      return `No outer maps: this operator has made and adopted none in ${view.bpffs.onNode}\n`;
    return table(rows, {
      NAME: ({ name }) => name,
      TYPE: ({ type }) => type,
      INNER: ({ inner }) => inner,
      MAPS: ({ maps, distinct }) => mapsText(maps, distinct),
      OURS: ({ ours }) => ours,
      MAX: ({ maxEntries }) => maxEntries,
      ID: ({ id }) => id,
      PROVISION: ({ provision }) => provision,
      PIN: ({ pin }) => pin,
    });
  });
}

/** One outer map of the ledger, as the kernel has it. */
async function rowOf({ kernel, bpffs }: GetOptions, ledger: Ledger) {
  const { name, record, paths } = ledger;
  const found = await withMap(kernel, paths.outer, async outer => {
    const { count, ids } = await kernel.readOuter(outer);
    const template = declaredLayout(ledger)?.template ?? kernel.template(outer);
    return {
      type: outer.spec.type,
      inner: template === undefined ? '' : `${template.type} ${template.keySize}→${template.valueSize}`,
      maps: count,
      distinct: new Set(ids).size,
      maxEntries: outer.spec.maxEntries,
      id: outer.id,
    };
  });
  const gone = { type: '', inner: '', maps: 0, distinct: 0, maxEntries: 0, id: null };
  const pin = record?.pin === undefined ? asOnNode(bpffs, paths.outer) : `${bpffs.onNode}/${record.pin}`;
  return { name, ...(found ?? gone), ours: ledger.innerPins.length, provision: record?.provision ?? '', pin };
}
