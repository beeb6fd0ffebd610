/** One bpffs: where this process has it, and where the node has it. In a container they differ. */
export interface Bpffs {
  readonly root: string;
  readonly onNode: string;
}

/** What is told names paths as its reader finds them: on the node. */
export function asOnNode({ root, onNode }: Bpffs, text: string): string {
  if (root === onNode || !text.includes(root)) return text;
  return text.split(root).reduce((told, rest) => `${told}${standsAlone(told, rest) ? onNode : root}${rest}`);
}

/** Not within another path or name, such as /srv/bpffs or /bpffs-old. */
function standsAlone(before: string, after: string): boolean {
  return !/[\w.~/-]$/.test(before) && !/^[\w~-]/.test(after);
}
