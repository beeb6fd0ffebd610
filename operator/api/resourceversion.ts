/** resourceVersions of one resource count up as decimal integers of any length; below zero: `left` is older. */
export function compareVersions(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * A resourceVersion as a number: etcd counts up by one, which never reaches 2^53. Any other text than a plain decimal is
 * NaN. No comparison with NaN holds, so it never makes an object ready.
 */
export function versionOf(text: string | undefined): number {
  if (text === undefined || !/^(0|[1-9]\d{0,15})$/.test(text)) return Number.NaN;
  const version = Number(text);
  return Number.isSafeInteger(version) ? version : Number.NaN;
}

/** The version that a node's watermark must reach; out of reach where the text is unreadable. */
export function goalOf(text: string | undefined): number {
  const version = versionOf(text);
  return Number.isNaN(version) ? Number.POSITIVE_INFINITY : version;
}
