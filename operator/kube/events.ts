import { randomBytes } from 'node:crypto';
import { type Clock, microTime, REAL_CLOCK } from '../timing/clock.ts';
import type { Cluster } from './client.ts';
import { Allowance } from './events/allowance.ts';
import { cutBytes, type EventRecord, type EventSource, eventObject } from './events/object.ts';

export type { EventRecord, Regarding } from './events/object.ts';

export interface EventsOptions extends EventSource {
  readonly cluster: Pick<Cluster, 'create' | 'patch'>;
  readonly clock?: Clock;
  /** An event that was not written; it is not tried again. */
  readonly failed?: (error: Error) => void;
}

interface Series {
  readonly namespace: string;
  readonly name: string;
  count: number;
  toldCount: number;
  lastAt: Date;
  seenMs: number;
}

const RESOURCE = { group: 'events.k8s.io', version: 'v1', plural: 'events' };
/** What repeats within this time is one event with a count. */
const SERIES_MS = 360_000;
/** Counts are written this often at most. */
const FLUSH_MS = 30_000;
const STOP_MS = 2_000;
const MOST_SERIES = 4_096;
const MOST_WAITING = 256;

/**
 * Tells people what happened to an object. What repeats is counted in one event; whoever has much to tell is cut
 * short: of an object 10 at once and one a minute, in all 100 at once and one a second. Nothing here ever throws.
 */
export class Events {
  readonly #options: EventsOptions;
  readonly #clock: Clock;
  readonly #series = new Map<string, Series>();
  readonly #ofObject: Allowance;
  readonly #ofAll: Allowance;
  readonly #stopped = new AbortController();
  readonly #ended = new AbortController();
  #writing: Promise<void> = Promise.resolve();
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

  record(happening: EventRecord): void {
    if (this.#stopped.signal.aborted) return;
    const key = seriesKey(happening);
    const series = this.#series.get(key);
    if (series !== undefined && this.#clock.now() - series.seenMs < SERIES_MS) this.#repeat(series);
    else this.#begin(key, happening);
  }

  /** Writes what is waiting and the counts that were not told yet, as far as that takes no longer than 2 s. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#flushing;
    const done = new AbortController();
    await Promise.race([this.#writing, this.#clock.sleep(STOP_MS, done.signal)]);
    done.abort();
    this.#ended.abort();
    await this.#writing;
  }

  #repeat(series: Series): void {
    series.count++;
    series.lastAt = this.#clock.date();
    series.seenMs = this.#clock.now();
    this.#flushing ??= this.#flushLater();
  }

  #begin(key: string, happening: EventRecord): void {
    const { uid, kind, namespace, name } = happening.regarding;
    const object = uid ?? `${kind} ${namespace ?? ''}/${name}`;
    const allowed = this.#waiting < MOST_WAITING && this.#ofObject.take(object) && this.#ofAll.take('');
    if (!allowed) {
      this.#dropped++;
      return;
    }
    const series = this.#newSeries(happening);
    this.#forget();
    this.#series.delete(key);
    this.#series.set(key, series);
    const event = eventObject(happening, this.#options, {
      name: series.name,
      time: microTime(series.lastAt),
    });
    this.#write(() => this.#options.cluster.create(eventRef(series), event, this.#call), key);
  }

  #newSeries({ regarding }: EventRecord): Series {
    const unique = randomBytes(8).toString('hex');
    return {
      namespace: regarding.namespace ?? 'default',
      name: `${cutBytes(regarding.name, 200)}.${unique}`,
      count: 1,
      toldCount: 1,
      lastAt: this.#clock.date(),
      seenMs: this.#clock.now(),
    };
  }

  /** The oldest first: a Map keeps the order of its making. */
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
      if (series.count === series.toldCount) continue;
      series.toldCount = series.count;
      const told = { count: series.count, lastObservedTime: microTime(series.lastAt) };
      const ref = { ...eventRef(series), name: series.name };
      this.#write(() => this.#options.cluster.patch(ref, { series: told }, this.#call), key);
    }
  }

  get #call() {
    return { attempts: 3, signal: this.#ended.signal };
  }

  /** One at a time, in order: a count must not come before its event. */
  #write(call: () => Promise<unknown>, key: string): void {
    this.#waiting++;
    this.#writing = this.#writing
      .then(call)
      .then(() => {})
      .catch(error => {
        this.#dropped++;
        this.#series.delete(key);
        if (!this.#ended.signal.aborted) this.#tell(error);
      })
      .finally(() => {
        this.#waiting--;
      });
  }

  #tell(error: unknown): void {
    try {
      this.#options.failed?.(error instanceof Error ? error : new Error(String(error)));
    } catch {
      // Events are a courtesy: nobody else is troubled by them.
    }
  }
}

function eventRef({ namespace }: Series) {
  return { resource: RESOURCE, namespace };
}

/** As client-go, and the note: a count of different notes would tell only the first. */
function seriesKey({ regarding, type, reason, action, note }: EventRecord): string {
  const { apiVersion, kind, namespace, name, uid } = regarding;
  return JSON.stringify([apiVersion, kind, namespace, name, uid, type, reason, action, note]);
}
