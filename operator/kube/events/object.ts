/** The object that an event is about. */
export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
}

export interface EventRecord {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** The action that was taken: `Program`, `Publish`. */
  readonly action: string;
  readonly note: string;
}

/** The reporter of events. */
export interface EventSource {
  /** `innermap.io/controller` */
  readonly controller: string;
  /** The pod. */
  readonly instance: string;
}

/** In bytes: the API server refuses an event whose fields are longer. */
const LONGEST_NOTE = 1024;
const LONGEST_WORD = 128;

export function eventObject(
  event: EventRecord,
  source: EventSource,
  { name, time }: { name: string; time: string },
) {
  const { regarding, type, reason, action, note } = event;
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name, namespace: regarding.namespace ?? 'default' },
    eventTime: time,
    reportingController: source.controller,
    reportingInstance: cutBytes(source.instance, LONGEST_WORD),
    action: cutBytes(action, LONGEST_WORD),
    reason: cutBytes(reason, LONGEST_WORD),
    regarding,
    note: cutBytes(note, LONGEST_NOTE),
    type,
  };
}

/** At most `most` bytes of UTF-8, cut between two characters. */
export function cutBytes(text: string, most: number): string {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length <= most) return text;
  let end = most;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return bytes.subarray(0, end).toString('utf8');
}
