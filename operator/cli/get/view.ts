import type { OuterLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Bpffs } from '../../core/report/onnode.ts';
import type { OpenMap } from '../../kernel/kernel.ts';
import { type Ledger, ledgerOf } from '../../ledger/ledger.ts';
import { withMap } from '../../ledger/reading.ts';
import type { ClosableKernel, Terminal } from '../command.ts';
import { declaredLayout, sameSizes, undeclaredLayout } from '../export/declared.ts';
import { note } from '../terminal/note.ts';
import { type Plain, yamlText } from '../terminal/yaml.ts';

/** The kernel to read, and how to show it. */
export interface GetOptions {
  readonly kernel: ClosableKernel;
  readonly bpffs: Bpffs;
  /** `table`, `yaml` or `json` */
  readonly output: string;
  readonly terminal: Terminal;
}

/** Writes data in the wanted form; `asTable` is called only where that is the table. */
export function write({ output, terminal }: GetOptions, data: Plain, asTable: () => string): void {
  if (output === 'json') terminal.out(`${JSON.stringify(data, null, 2)}\n`);
  else terminal.out(output === 'yaml' ? yamlText(data) : asTable());
}

/** Reads the outer map of this name, which must be there. */
export async function withOuterMap<T extends object>(
  { kernel }: GetOptions,
  name: string,
  read: (outer: OpenMap, ledger: Ledger) => Promise<T>,
): Promise<T> {
  const ledger = ledgerOf(kernel.pins, name);
  const pin = ledger.paths.outer;
  const found = await withMap(kernel, pin, outer => read(outer, ledger));
  if (found !== undefined) return found;
  throw new Error(
    `Cannot read outer map ${name}: nothing is pinned at ${pin}; the agent makes or finds it in its next turn`,
  );
}

/** The declared layout where the kernel's maps have it; else bytes, and a note that says why. */
export function layoutFor(view: GetOptions, ledger: Ledger, outer: MapSpec, inner: MapSpec): OuterLayout {
  const declared = declaredLayout(ledger);
  if (declared !== undefined && sameSizes(declared, outer, inner)) return declared;
  const why =
    declared === undefined ? 'holds no declarations' : 'declares another layout than the kernel has';
  note(view.terminal, `The record of ${ledger.name} ${why}: keys and values are shown as hexadecimal bytes`);
  return undeclaredLayout(outer, inner);
}
