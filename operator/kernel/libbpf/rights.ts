import { release } from 'node:os';
import { MAP_FLAGS } from '../../api/maps/flags.ts';
import { MAP_RULES } from '../../api/maps/types.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { textOf } from './memory/cgroup.ts';

const CAP_NET_ADMIN = 12n;
const CAP_SYS_ADMIN = 21n;
const CAP_BPF = 39n;

/** Whether this process may make maps: CAP_BPF (5.8 and later), or CAP_SYS_ADMIN. */
export function mayUseBpf(): boolean {
  return hasOneOf([CAP_BPF, CAP_SYS_ADMIN]);
}

/** Unreadable: the kernel will refuse the first map where the capability is missing. */
function hasOneOf(capabilities: readonly bigint[]): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)/m.exec(textOf('/proc/self/status'))?.[1];
  if (effective === undefined) return true;
  return capabilities.some(bit => ((BigInt(`0x${effective}`) >> bit) & 1n) === 1n);
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

/** Why bpf() is EPERM: the capability that is missing, or what else in this process's state can be the reason. `spec`: of a new map. */
export function denialText(spec?: Pick<MapSpec, 'type' | 'flags'>): string {
  if (!mayUseBpf()) return 'this process needs CAP_BPF';
  const wanted = spec === undefined ? [] : capabilitiesOf(spec);
  const missing = wanted.find(({ bit }) => !hasOneOf([bit]));
  if (missing !== undefined)
    return `a ${missing.what} needs ${missing.name} beside CAP_BPF: give it to this process (agent.extraCapabilities of the chart)`;
  return suspectsText({
    status: textOf('/proc/self/status'),
    uidMap: textOf('/proc/self/uid_map'),
    limits: textOf('/proc/self/limits'),
    lockdown: textOf('/sys/kernel/security/lockdown'),
    release: release(),
  });
}

/** Beside CAP_BPF. htab_map_alloc_check: a seed of zero lets others find keys that collide. */
function capabilitiesOf({ type, flags }: Pick<MapSpec, 'type' | 'flags'>) {
  const isHash = type !== 'BloomFilter' && (flags & MAP_FLAGS.ZeroSeed) !== 0;
  const ofFlags = isHash
    ? [{ bit: CAP_SYS_ADMIN, name: 'CAP_SYS_ADMIN', what: `${type} with ZeroSeed` }]
    : [];
  const { capability } = MAP_RULES[type];
  return capability === undefined
    ? ofFlags
    : [{ bit: CAP_NET_ADMIN, name: capability, what: type as string }];
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
