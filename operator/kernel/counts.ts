/** The commands of bpf(). `write_check` is an update of no entries, which fails on a frozen map. */
export const BPF_CALLS = [
  'create',
  'update',
  'lookup',
  'delete',
  'next_key',
  'update_batch',
  'lookup_batch',
  'delete_batch',
  'write_check',
  'freeze',
  'fd_by_id',
  'info',
  'pin',
  'obj_get',
  'load_program',
  'run_program',
  'load_btf',
] as const;

export type BpfCall = (typeof BPF_CALLS)[number];

/** Calls of each command since the kernel was opened. */
export type KernelCounts = Readonly<Record<BpfCall, number>>;

export function noCounts(): Record<BpfCall, number> {
  return Object.fromEntries(BPF_CALLS.map(call => [call, 0])) as Record<BpfCall, number>;
}
