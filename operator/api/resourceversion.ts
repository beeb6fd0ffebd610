/** resourceVersions of one resource count up as decimal integers of any length; below zero: `left` is older. */
export function compareVersions(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}
