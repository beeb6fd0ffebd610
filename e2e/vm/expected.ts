import type { Version } from './options.ts';

/** A spec that fails on some kernels, and which property of theirs is the reason. One that passes there is a failure. */
export interface KnownFailure {
  readonly set: string;
  /** Its full title. */
  readonly spec: string;
  readonly on: readonly Version[];
  readonly why: string;
}

export const KNOWN_FAILURES: readonly KnownFailure[] = [];
