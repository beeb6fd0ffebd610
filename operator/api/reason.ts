/**
 * The reason of a condition, a failure, a metric's label or a log field. The set is API: texts may change, these words
 * may not. A reason that makes Accepted False makes Programmed and Ready False too. A node has only Ready and Drifted.
 */
export type Reason =
  /** Accepted is True: the object is valid and allowed. */
  | 'Accepted'
  /** Accepted is Unknown while contents are read, False while the OuterMap is unusable. A node: Ready is False until all is read. */
  | 'Pending'
  /** Accepted is False: no OuterMap has the name in `spec.outerMap`. */
  | 'OuterMapNotFound'
  /** Accepted is False: the key belongs to an older InnerMap. */
  | 'KeyConflict'
  /** Accepted is False: no access rule of the OuterMap gives this key to this namespace. */
  | 'KeyNotAllowed'
  /** Accepted is False: the key does not fit the type of the outer map's keys. */
  | 'InvalidKey'
  /** Accepted is False: entries do not fit the declared types; the last good contents stay. */
  | 'InvalidEntries'
  /** Accepted or Ready is False: there are more entries than `maxEntries`, `maxEntriesLimit` or memory allow. */
  | 'TooManyEntries'
  /** Programmed is True: every node has tried. Ready is True: every node is as declared. Drifted: what differed is put right. */
  | 'Programmed'
  /** Programmed or Ready is False: nodes have not taken it up yet. Drifted is True: a repair is under way. */
  | 'Progressing'
  /** Ready is False: a removal of more than `maxRemoval`, of keys or of an inner map's entries, waits for its release. */
  | 'RemovalHeld'
  /** Programmed and Ready are False: no node with an agent is selected. */
  | 'NoMatchingNodes'
  /** Ready is Unknown: nodes are silent, the others are as declared. */
  | 'NodesNotReporting'
  /** Ready is False: the outer map has no free slot. */
  | 'OuterMapFull'
  /** Accepted or Ready is False: the layout is impossible, or it is not that of the map in the kernel. */
  | 'LayoutMismatch'
  /** Ready is False: there is nothing at the pin to adopt. */
  | 'PinNotFound'
  /** Accepted or Ready is False: another OuterMap, or a map of somebody else, has the pin. */
  | 'PinInUse'
  /** Ready is False: the kernel refused memory (ENOMEM). */
  | 'OutOfMemory'
  /** Ready is False: an LRU map holds fewer of the entries than are declared. */
  | 'Evicted'
  /** Ready is False: a capability is missing, or the pin's mode forbids access (EPERM, EACCES). */
  | 'PermissionDenied'
  /** Accepted or Ready is False: this version cannot read the object, or this kernel lacks the feature. */
  | 'Unsupported'
  /** Ready is False: any other failure; the message has operation and errno. */
  | 'KernelError';
