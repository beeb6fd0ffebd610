import { asOnNode } from '../../core/report/onnode.ts';
import { type Ledger, ledgersIn } from '../../ledger/ledger.ts';
import { withMap } from '../../ledger/reading.ts';
import { declaredLayout, templateText } from '../export/declared.ts';
import { table } from '../terminal/table.ts';
import type { Plain } from '../terminal/yaml.ts';
import { type GetOptions, write } from './view.ts';

/** One outer map of the ledger, as the kernel has it. */
interface Row extends Readonly<Record<string, Plain | undefined>> {
  readonly name: string;
  readonly type: string;
  readonly inner: string;
  readonly maps: number;
  readonly ours: number;
  readonly maxEntries: number;
  readonly id: number | null;
  readonly provision: string;
  readonly pin: string;
}

/** `innermap get` */
export async function getOuterMaps(view: GetOptions): Promise<void> {
  const rows: Row[] = [];
  for (const ledger of ledgersIn(view.kernel.pins)) rows.push(await rowOf(view, ledger));
  write(view, rows, () => (rows.length === 0 ? none(view) : tableOf(rows)));
}

async function rowOf(view: GetOptions, ledger: Ledger): Promise<Row> {
  const { kernel, bpffs } = view;
  const { name, record, paths } = ledger;
  const found = await withMap(kernel, paths.outer, async outer => {
    const template = declaredLayout(name, record)?.template ?? kernel.template(outer);
    return {
      type: outer.spec.type,
      inner: template === undefined ? '' : templateText(template),
      maps: (await kernel.readOuter(outer)).count,
      maxEntries: outer.spec.maxEntries,
      id: outer.id,
    };
  });
  const gone = { type: '', inner: '', maps: 0, maxEntries: 0, id: null };
  const pin = record?.pin === undefined ? asOnNode(bpffs, paths.outer) : `${bpffs.onNode}/${record.pin}`;
  return { name, ...(found ?? gone), ours: ledger.innerPins.length, provision: record?.provision ?? '', pin };
}

function tableOf(rows: readonly Row[]): string {
  const header = ['NAME', 'TYPE', 'INNER', 'MAPS', 'OURS', 'MAX', 'ID', 'PROVISION', 'PIN'];
  const cells = rows.map(row => [
    row.name,
    row.type,
    row.inner,
    `${row.maps}`,
    `${row.ours}`,
    `${row.maxEntries}`,
    `${row.id ?? ''}`,
    row.provision,
    row.pin,
  ]);
  return table(header, cells);
}

function none({ bpffs }: GetOptions): string {
  return `No outer maps: this operator has made and adopted none in ${bpffs.onNode}\n`;
}
