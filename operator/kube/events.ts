import { randomBytes } from 'node:crypto';
import { Allowance } from '../timing/allowance.ts';
import { type Clock, microTime, REAL_CLOCK } from '../timing/clock.ts';
import type { CallOptions, Cluster, ResourceRef } from './client.ts';
import { cutBytes, type EventRecord, type EventSource, eventObject } from './events/object.ts';
import { asError } from './watch/failure.ts';

export type { EventRecord, Regarding } from './events/object.ts';

export interface EventsOptions extends EventSource {
  readonly cluster: Pick<Cluster, 'create' | 'patch'>;
  readonly clock?: Clock;
  /** Called for an event that was not written; it is not written again. */
  readonly failed?: (error: Error) => void;
}

interface Series {
  readonly ref: ResourceRef;
  count: number;
  writtenCount: number;
  lastAt: Date;
  seenMs: number;
}

const RESOURCE = { group: 'events.k8s.io', version: 'v1', plural: 'events' };
/** An event that repeats within this time is one event with a count. */
const SERIES_MS = 360_000;
/** Between two writes of counts. */
const FLUSH_MS = 30_000;
const STOP_MS = 2_000;
const MOST_SERIES = 4_096;
const MOST_WAITING = 256;

/**
 * Writes Events. One that repeats is counted in one Event, and the number is limited: 10 at once and one a minute for
 * an object, 100 at once and one a second for all. A failure is reported, and concerns nothing else.
 */
export class Events {
  readonly #options: EventsOptions;
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();
  readonly #ofObject: Allowance;
  readonly #ofAll: Allowance;
  readonly #stopped = new AbortController();
  readonly #ended = new AbortController();
  #writing: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #flushing: Promise<void> | undefined;
  #dropped = 0;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    this.#ofObject = new Allowance(this.#clock, { burst: 10, everyMs: 60_000 });
    this.#ofAll = new Allowance(this.#clock, { burst: 100, everyMs: 1_000 });
  }

  /** Events that were not written: too many, or refused. */
  get dropped(): number {
    return this.#dropped;
  }

  record(event: EventRecord): void {
    if (this.#stopped.signal.aborted) return;
    const key = seriesKey(event);
    const series = this.#series.get(key);
    if (series === undefined || this.#clock.now() - series.seenMs >= SERIES_MS) {
      this.#begin(key, event);
      return;
    }
    series.count++;
    series.lastAt = this.#clock.date();
    series.seenMs = this.#clock.now();
    this.#flushing ??= this.#flushLater();
  }

  /** Writes the events that wait, and counts that were not written yet, for at most 2 s. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#flushing;
    const done = new AbortController();
    await Promise.race([this.#writing, this.#clock.sleep(STOP_MS, done.signal)]);
    done.abort();
    this.#ended.abort();
    await this.#writing;
  }

  #begin(key: string, event: EventRecord): void {
    const { uid, kind, namespace, name } = event.regarding;
    const object = uid ?? `${kind} ${namespace ?? ''}/${name}`;
    if (this.#waiting >= MOST_WAITING || !this.#ofObject.take(object) || !this.#ofAll.take('')) {
      this.#dropped++;
      return;
    }
    const ref = { resource: RESOURCE, namespace: namespace ?? 'default', name: eventName(name) };
    const lastAt = this.#clock.date();
    this.#forget();
    this.#series.delete(key);
    this.#series.set(key, { ref, count: 1, writtenCount: 1, lastAt, seenMs: this.#clock.now() });
    const written = eventObject(event, this.#options, { name: ref.name, time: microTime(lastAt) });
    this.#write(key, call => this.#options.cluster.create(ref, written, call));
  }

  /** Drops the oldest series: a Map keeps the order of insertion. */
  #forget(): void {
    for (const [key, { seenMs }] of this.#series) {
      if (this.#series.size < MOST_SERIES && this.#clock.now() - seenMs < SERIES_MS) return;
      this.#series.delete(key);
    }
  }

  async #flushLater(): Promise<void> {
    await this.#clock.sleep(FLUSH_MS, this.#stopped.signal);
    this.#flushing = undefined;
    for (const [key, series] of this.#series) {
      if (series.count === series.writtenCount) continue;
      series.writtenCount = series.count;
      const patch = { series: { count: series.count, lastObservedTime: microTime(series.lastAt) } };
      this.#write(key, call => this.#options.cluster.patch(series.ref, patch, call));
    }
  }

  /** Writes one at a time, in order: a count must not precede its event. */
  #write(key: string, write: (call: CallOptions) => Promise<unknown>): void {
    const call = { attempts: 3, signal: this.#ended.signal };
    this.#waiting++;
    this.#writing = this.#writing
      .then(() => write(call))
      .catch(error => {
        this.#dropped++;
        this.#series.delete(key);
        if (!this.#ended.signal.aborted) this.#options.failed?.(asError(error));
      })
      .finally(() => {
        this.#waiting--;
      });
  }
}

/** As client-go's: the name of the object and a unique number. */
function eventName(object: string): string {
  return `${cutBytes(object, 200)}.${randomBytes(8).toString('hex')}`;
}

/** As client-go's, and the note: one count of different notes would show only the first. */
function seriesKey({ regarding, type, reason, action, note }: EventRecord): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return JSON.stringify([apiVersion, kind, namespace, name, uid, type, reason, action, note]);
}
