import { release } from 'node:os';
import { textOf } from './memory/cgroup.ts';

const CAP_SYS_ADMIN = 21n;
const CAP_BPF = 39n;

/** Whether this process may make maps: CAP_BPF (5.8 and later), or CAP_SYS_ADMIN. */
export function mayUseBpf(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(textOf('/proc/self/status'))?.[1];
  // Unreadable: the kernel will refuse the first map where the capability is missing
  if (effective === undefined) return true;
  return hasBit(effective, CAP_BPF) || hasBit(effective, CAP_SYS_ADMIN);
}

function hasBit(hex: string, bit: bigint): boolean {
  return ((BigInt(`0x${hex}`) >> bit) & 1n) === 1n;
}

/** What can refuse bpf() to a process with CAP_BPF: the texts of four files, and the kernel's release. */
export interface Restrictions {
  /** /proc/self/status */
  readonly status: string;
  /** /proc/self/uid_map */
  readonly uidMap: string;
  /** /proc/self/limits */
  readonly limits: string;
  /** /sys/kernel/security/lockdown, empty where it cannot be read. */
  readonly lockdown: string;
  readonly release: string;
}

/** Why bpf() is EPERM: the capability that is missing, or what else in this process's state can be the reason. */
export function denialText(): string {
  if (!mayUseBpf()) return 'this process needs CAP_BPF';
  return suspectsText({
    status: textOf('/proc/self/status'),
    uidMap: textOf('/proc/self/uid_map'),
    limits: textOf('/proc/self/limits'),
    lockdown: textOf('/sys/kernel/security/lockdown'),
    release: release(),
  });
}

/** Names those that are so; where none is, what cannot be read from here. */
export function suspectsText(found: Restrictions): string {
  const named = [userNamespace(found), seccomp(found), lockdown(found), memlock(found)].filter(
    suspect => suspect !== '',
  );
  const suspects = named.length > 0 ? named : ['a security module (SELinux, a BPF LSM program) may deny it'];
  return `though this process has CAP_BPF: ${suspects.join('; ')}`;
}

/** bpf() asks for capabilities in the first user namespace alone. */
function userNamespace({ uidMap }: Restrictions): string {
  const isFirst = uidMap === '' || /^\s*0\s+0\s+4294967295\s*$/.test(uidMap);
  return isFirst
    ? ''
    : 'it is in a user namespace, where capabilities do not count for bpf(): run it outside';
}

function seccomp({ status }: Restrictions): string {
  const isFiltered = /^Seccomp:\s*2$/m.test(status);
  return isFiltered
    ? 'it has a seccomp profile, which may deny bpf(): allow that call, or run it Unconfined'
    : '';
}

function lockdown(found: Restrictions): string {
  const mode = /\[(\w+)\]/.exec(found.lockdown)?.[1] ?? 'none';
  return mode === 'none' ? '' : `the kernel is locked down (${mode}), see /sys/kernel/security/lockdown`;
}

/** Until 5.11 maps are charged to it, root's too; only the wording follows from the release. */
function memlock({ limits, release }: Restrictions): string {
  const [major = 0, minor = 0] = release.split('.').map(Number.parseFloat);
  const limit = /^Max locked memory\s+(\d+)/m.exec(limits)?.[1];
  if (limit === undefined || major > 5 || (major === 5 && minor >= 11)) return '';
  return `maps count against RLIMIT_MEMLOCK before Linux 5.11, here ${Number(limit) / 1024} KiB: raise it`;
}
