/**
 * A process that dies in the middle: reads `{bpffs, manifests, dieBefore}` from standard input, starts as an agent does,
 * and kills itself with SIGKILL right before its mutating call number `dieBefore`. Survives, and exits 0, where it makes fewer.
 */
import { readFileSync } from 'node:fs';
import { openLibrary } from '../../../operator/kernel/libbpf/library.ts';
import { oneTurn, type TurnFolders } from './oneturn.ts';

/** What a doomed process is told. */
export interface Doom extends TurnFolders {
  readonly dieBefore: number;
}

openLibrary();
const doom = JSON.parse(readFileSync(0, 'utf8')) as Doom;
let made = 0;
const { failed } = await oneTurn(doom, () => {
  if (made === doom.dieBefore) process.kill(process.pid, 'SIGKILL');
  made++;
});
for (const line of failed) console.error(line);
process.exitCode = failed.length === 0 ? 0 : 1;
