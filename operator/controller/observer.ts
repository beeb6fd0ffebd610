/** Who measures; called often, so it must cost little and must not throw. */
export interface Observer {
  /** A status was sent; the code is HTTP's, or `error` where there was no answer. */
  wrote(kind: ObjectKind, code: string): void;
  /** Statuses were worked out anew. */
  folded(seconds: number): void;
}

export type ObjectKind = 'InnerMap' | 'OuterMap';

/** What is so at the moment: for whoever asks now and then. */
export interface Gauges {
  readonly isLeader: boolean;
  /** Statuses that wait to be written. */
  readonly queueDepth: number;
  readonly queueOldestSeconds: number;
  readonly nodes: number;
  readonly outerMaps: number;
  readonly innerMaps: number;
  /** Since the start: events that were too many, and lists and watches begun after the first. */
  readonly eventsDropped: number;
  readonly watchRestarts: number;
}

export const NO_OBSERVER: Observer = { wrote: () => {}, folded: () => {} };
