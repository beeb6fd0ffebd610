import type { Stats } from 'node:fs';
import { lstatSync } from 'node:fs';
import { dirname } from 'node:path';
import { KernelError } from '../../error.ts';

const STICKY = 0o1000;
const WRITE_BY_OTHERS = 0o022;
const ANY_BY_OTHERS = 0o077;

/**
 * Throws where somebody else could have put into a directory what we would take for our own, or could move it away.
 * `open`: it is ours, and others may look into it.
 */
export function requirePrivate(directory: string, stats: Stats): 'private' | 'open' {
  const parent = dirname(directory);
  const anew = `look what is in it, remove it (rm -r ${directory}), and keep others out: chmod 0700 ${parent}`;
  const refuse = (what: string, remedy: string): never => {
    throw new KernelError('lock', directory, 'EPERM', `${what}; ${remedy}`);
  };
  if (stats.uid !== ownUid()) refuse(`it belongs to uid ${stats.uid}, who decides what is in it`, anew);
  if ((stats.mode & WRITE_BY_OTHERS) !== 0)
    refuse(`others may write into it (mode ${modeText(stats)}), and could have`, anew);
  const above = lstatSync(parent);
  const mayMove = (above.mode & WRITE_BY_OTHERS) !== 0 && (above.mode & STICKY) === 0;
  if (mayMove) refuse(`others may move it away (mode ${modeText(above)})`, `chmod 0700 ${parent}`);
  if (above.uid !== ownUid() && above.uid !== 0)
    refuse(`its parent belongs to uid ${above.uid}, who may move it away`, `chown 0 ${parent}`);
  return (stats.mode & ANY_BY_OTHERS) === 0 ? 'private' : 'open';
}

function ownUid(): number {
  return process.geteuid?.() ?? 0;
}

function modeText({ mode }: Stats): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}
