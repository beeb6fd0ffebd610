/**
 * The largest sizes in an object, the same in the CRDs (a test compares them). They limit the memory that any object may
 * cost, and keep CEL's cost estimate finite.
 */
export const BOUNDS = {
  /** Slots of an outer map. */
  outerMaxEntries: 16_777_216,
  /** Slots of an inner map; bytes of a ring buffer. The kernel's own limits lie below or at it. */
  innerMaxEntries: 2_147_483_648,
  /** Kernel memory of a namespace's inner maps: 1 TiB. */
  namespaceBytes: 1_099_511_627_776,
  /** Characters of a C declaration: a pasted struct with its comments. */
  declaration: 16_384,
  /** Characters of a key in the outer map. */
  keyText: 1_024,
  /** Characters of a pin's path; its parts are file names, of at most `fileName`. */
  pin: 1_024,
  fileName: 255,
  accessRules: 256,
  accessNamespaces: 128,
  accessKeys: 4_096,
  programOwned: 64,
  fieldPath: 256,
  selectorLabels: 64,
  selectorExpressions: 64,
  selectorValues: 256,
  /** Entries and table of one object: etcd holds 1.5 MiB. These two do not bind the manifests of a folder. */
  entries: 65_536,
  table: 1_572_864,
} as const;
