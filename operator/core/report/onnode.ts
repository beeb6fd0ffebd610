/** The paths of one bpffs in this process and on the node. In a container they differ. */
export interface Bpffs {
  readonly root: string;
  readonly onNode: string;
}

/** The text with paths as its reader finds them: on the node. */
export function asOnNode({ root, onNode }: Bpffs, text: string): string {
  if (root === onNode || !text.includes(root)) return text;
  return text
    .split(root)
    .reduce((before, rest) => `${before}${standsAlone(before, rest) ? onNode : root}${rest}`);
}

/** Not within another path or name, such as /srv/bpffs or /bpffs-old. */
function standsAlone(before: string, after: string): boolean {
  return !/[\w.~/-]$/.test(before) && !/^[\w~-]/.test(after);
}
