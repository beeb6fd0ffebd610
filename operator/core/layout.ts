import type { Type } from './types/type.ts';
import type { MapSpec } from './mapspec.ts';

/** An OuterMap with its declarations read: what contents are encoded by. */
export interface OuterLayout {
  readonly outer: MapSpec;
  readonly outerKey: Type;
  readonly template: MapSpec;
  /** Absent where the inner type has no key or no contents. */
  readonly innerKey?: Type;
  readonly innerValue?: Type;
  /**
   * Bytes of a value that are compared and written: 0xff declared, 0x00 program-owned; valueSize long.
   * Absent: all of it.
   */
  readonly valueMask?: Uint8Array;
  /** Stable text of everything above: two OuterMaps with equal digests encode alike. */
  readonly digest: string;
}
