/** resourceVersions of one resource count up as decimal integers of any length; below zero: `left` is older. */
export function compareVersions(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * A resourceVersion as a number; etcd counts them up by one, so 2^53 is never reached. What is no plain decimal is
 * NaN: no comparison with it holds, so nothing is ever called ready by it.
 */
export function versionOf(text: string | undefined): number {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return Number.NaN;
  const version = Number(text);
  return Number.isSafeInteger(version) ? version : Number.NaN;
}

/** What a node's watermark must reach: never, where it cannot be read. */
export function goalOf(text: string | undefined): number {
  const version = versionOf(text);
  return Number.isNaN(version) ? Number.POSITIVE_INFINITY : version;
}
