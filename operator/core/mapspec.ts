import type { InnerType, OuterType } from '../api/outermap.ts';

/** What bpf(BPF_MAP_CREATE) is given, and what bpf_map_info tells. Sizes in bytes as user space declares them. */
export interface MapSpec {
  readonly type: InnerType | OuterType;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  /** The whole BPF_F_* word. */
  readonly flags: number;
}

/** `Hash key 4 value 16 maxEntries 1024 flags 0x1`: how messages show a layout. */
export function mapSpecText(spec: MapSpec): string {
  const flags = spec.flags === 0 ? 'none' : `0x${spec.flags.toString(16)}`;
  return `${spec.type} key ${spec.keySize} value ${spec.valueSize} maxEntries ${spec.maxEntries} flags ${flags}`;
}
