/**
 * Every reason that a condition, a failure, a metric's label or a log field may carry.
 * The set is API: texts may change, these words may not.
 */
export const REASONS = [
  'Accepted',
  'Pending',
  'OuterMapNotFound',
  'KeyConflict',
  'KeyNotAllowed',
  'InvalidKey',
  'InvalidEntries',
  'TooManyEntries',
  'Programmed',
  'Progressing',
  'RemovalHeld',
  'NoMatchingNodes',
  'NodesNotReporting',
  'OuterMapFull',
  'LayoutMismatch',
  'PinNotFound',
  'PinInUse',
  'OutOfMemory',
  'PermissionDenied',
  'Unsupported',
  'KernelError',
] as const;

export type Reason = (typeof REASONS)[number];
