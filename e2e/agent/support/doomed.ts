/**
 * A process that is to die in the middle: reads `{bpffs, manifests}` from standard input and starts as an agent does. What is
 * preloaded into it ends it, native/faults.c. Survives, and exits 0, where it makes fewer changes.
 */
import { readFileSync } from 'node:fs';
import { openLibrary } from '../../../operator/kernel/libbpf/library.ts';
import { oneTurn, type TurnFolders } from './oneturn.ts';

openLibrary();
const { failed } = await oneTurn(JSON.parse(readFileSync(0, 'utf8')) as TurnFolders);
for (const line of failed) console.error(line);
process.exitCode = failed.length === 0 ? 0 : 1;
