import type { OuterLayout } from '../../core/layout/outer.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Bpffs } from '../../core/report/onnode.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { ClosableKernel, Terminal } from '../command.ts';
import { declaredLayout, sameSizes, undeclaredLayout } from '../export/declared.ts';
import { colourOf } from '../terminal/colour.ts';
import { type Plain, yamlText } from '../terminal/yaml.ts';

/** What every view of `get` works with. */
export interface GetOptions {
  readonly kernel: ClosableKernel;
  readonly bpffs: Bpffs;
  /** `table`, `yaml` or `json` */
  readonly output: string;
  readonly terminal: Terminal;
}

/** Writes data in the wanted form; `asTable` is asked only where that is the table. */
export function write(view: GetOptions, data: Plain, asTable: () => string): void {
  const { output, terminal } = view;
  if (output === 'json') terminal.out(`${JSON.stringify(data, null, 2)}\n`);
  else terminal.out(output === 'yaml' ? yamlText(data) : asTable());
}

/** The declared layout where the kernel's maps have it; else bytes, and a line that says why. */
export function layoutFor(view: GetOptions, ledger: Ledger, outer: MapSpec, inner: MapSpec): OuterLayout {
  const declared = declaredLayout(ledger.name, ledger.record);
  if (declared !== undefined && sameSizes(declared, outer, inner)) return declared;
  const why =
    declared === undefined ? 'holds no declarations' : 'declares another layout than the kernel has';
  note(view.terminal, `The record of ${ledger.name} ${why}: keys and values are shown as hexadecimal bytes`);
  return undeclaredLayout(outer, inner);
}

/** On stderr: what is written to a file stays clean. */
export function note(terminal: Terminal, message: string): void {
  terminal.error(`${colourOf(terminal, 'error').warn('Note:')} ${message}\n`);
}
