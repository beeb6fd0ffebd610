import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for the copy. Some specs act as a user without rights, who must come through to what is below it. */
export function emptyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), 'innermap-mutants-'));
  chmodSync(tree, 0o711);
  return tree;
}
