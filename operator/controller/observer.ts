/** Receives measurements. It is called often, so it must be cheap and must not throw. */
export interface Observer {
  /** A status was sent. `code` is the HTTP status, or `error` without a response. */
  wrote(kind: ObjectKind, code: string): void;
  /** A turn ended after this many seconds. */
  folded(seconds: number): void;
}

export type ObjectKind = 'InnerMap' | 'OuterMap';

/** Current values, read on each scrape. */
export interface Gauges {
  readonly isLeader: boolean;
  /** Number of statuses that wait to be written or are being written. */
  readonly queueDepth: number;
  readonly queueOldestSeconds: number;
  readonly nodes: number;
  /** Selected nodes of which nothing is known; 0 where this process does not lead. */
  readonly nodesSilent: number;
  /** Selected nodes from which no agent was ever heard; 0 where this process does not lead. */
  readonly nodesWithoutAgent: number;
  readonly outerMaps: number;
  readonly innerMaps: number;
  /** Number of events dropped since the start, because there were too many. */
  readonly eventsDropped: number;
  /** Number of lists and watches since the start, without the first of each stream. */
  readonly watchRestarts: number;
}

export const NO_OBSERVER: Observer = { wrote: () => {}, folded: () => {} };
