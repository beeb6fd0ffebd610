/** What is promised: docs/install.md and the chart say the same, and tests hold older waits and refusals. */
export const OLDEST_KERNEL = '5.15';

/**
 * What to say at start on a kernel that is older, by `uname -r`; nothing on others. Distributions bring features back to
 * kernels of an old name, so that nothing else goes by it: the agent probes.
 */
export function ageWarning(release: string): string | undefined {
  if (!isOlder(release, OLDEST_KERNEL)) return undefined;
  return `Linux ${release} is older than ${OLDEST_KERNEL}, the oldest that is tested: what fails may be for want of a newer kernel; before 5.11 RLIMIT_MEMLOCK must be unlimited`;
}

/** Whether a kernel, by `uname -r`, is older than a version such as `6.8`. */
export function isOlder(release: string, version: string): boolean {
  const [major, minor] = versionOf(release);
  const [since, least] = versionOf(version);
  return major < since || (major === since && minor < least);
}

/** One that cannot be read is no old one. */
function versionOf(release: string): readonly [number, number] {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(release) ?? [];
  return [Number(major ?? Number.POSITIVE_INFINITY), Number(minor ?? 0)];
}
