import { versionOf } from '../api/resourceversion.ts';
import type { InnerMapStatus, OuterMapStatus } from '../api/status.ts';
import { canonicalText } from '../core/canonical.ts';
import type { StatusChange } from '../core/status/change.ts';
import { type ClusterMemory, innerMemory } from '../core/status/clusterrollup.ts';
import type { InnerFacts, OuterFacts, WrittenStatus } from '../core/status/facts.ts';
import { newerStatus, type ObjectMemory } from '../core/status/memory.ts';
import { Schedule } from '../core/status/schedule.ts';
import { innerStatus, outerStatus, patchTo } from '../core/status/statuses.ts';
import { ApiError, type Cluster, type KubeObject, type ResourceRef } from '../kube/client.ts';
import type { EventRecord } from '../kube/events.ts';
import { innerMapRef, outerMapRef } from '../kube/resources.ts';
import type { Store } from '../kube/store.ts';
import { asError } from '../kube/watch/failure.ts';
import { Backoff } from '../timing/backoff.ts';
import type { Clock } from '../timing/clock.ts';
import { eventsBetween, type StatusSubject } from './events.ts';
import { writtenIn } from './facts/written.ts';
import type { ObjectKind, Observer } from './observer.ts';
import type { Streams } from './streams.ts';

export interface StatusWriterOptions {
  readonly memory: ClusterMemory;
  readonly streams: Pick<Streams, 'innerMaps' | 'outerMaps'>;
  readonly cluster: Pick<Cluster, 'patch'>;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Called when a write ended, so that there may be room for another. */
  readonly freed: () => void;
  readonly recorded: (event: EventRecord) => void;
  readonly failed: (kind: ObjectKind, id: string, error: Error) => void;
}

/** A status that the last turn made, and the object it is written to. */
interface Target {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly memory: ObjectMemory;
  readonly facts: InnerFacts | OuterFacts;
  readonly ref: ResourceRef;
  readonly status: InnerMapStatus | OuterMapStatus;
}

/** Limits of all writes under way. OuterMaps get more: they report deletions and must not wait for InnerMaps. */
const MAX_UNDER_WAY = { OuterMap: 20, InnerMap: 16 } as const;
/** Statuses that one call checks at most, so that a call without any difference ends too. */
const MAX_CHECKED = 64;
/** Retries after the object changed or was deleted. Its stream shows that soon, or later if it is interrupted. */
const CONFLICT_MS = { first: 100, last: 30_000 } as const;
const REJECTED_MS = 60_000;

/** Writes statuses that are due and differ from what is written. No other code writes statuses. */
export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #backoff: Backoff;
  readonly #schedules: Readonly<Record<ObjectKind, Schedule>> = {
    OuterMap: new Schedule(),
    InnerMap: new Schedule(),
  };
  readonly #underWay = new Map<string, Promise<void>>();
  /** Consecutive conflicts by object. */
  readonly #conflicts = new Map<string, number>();
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  schedule({ kind, id, urgent, fresh }: StatusChange): void {
    this.#schedules[kind].mark(id, { now: this.#now, urgent, fresh });
  }

  /** Makes the OuterMaps' statuses due before the end: the next process reads from them which deletions it missed. */
  hurryOuterMaps(): void {
    this.#schedules.OuterMap.hurry(this.#now);
  }

  get hasOuterMaps(): boolean {
    const isUnderWay = [...this.#underWay.keys()].some(name => name.startsWith('OuterMap'));
    return isUnderWay || this.#schedules.OuterMap.depth > 0;
  }

  forget(kind: ObjectKind, id: string): void {
    this.#schedules[kind].forget(id);
    this.#conflicts.delete(`${kind} ${id}`);
  }

  /** Starts as many writes as there is room for. Returns whether it stopped early and must be called again. */
  write(stop: AbortSignal): boolean {
    const now = this.#now;
    if (now < this.#pausedUntil) return false;
    let left = MAX_CHECKED;
    for (const kind of ['OuterMap', 'InnerMap'] as const) {
      while (left > 0) {
        const ids = this.#schedules[kind].take(now, Math.min(this.#room(kind), left));
        if (ids.length === 0) break;
        for (const id of ids) this.#begin(kind, id, stop);
        left -= ids.length;
      }
    }
    return left <= 0;
  }

  /** Milliseconds until a write is due; Infinity if none waits or there is no room. */
  get waitMs(): number {
    const now = this.#now;
    const dueOf = (kind: ObjectKind) =>
      this.#room(kind) > 0 ? this.#schedules[kind].nextDue : Number.POSITIVE_INFINITY;
    const due = Math.min(dueOf('OuterMap'), dueOf('InnerMap'));
    return Math.max(0, due - now, this.#pausedUntil - now);
  }

  /** Number of statuses that wait or are being written. */
  get depth(): number {
    return this.#schedules.OuterMap.depth + this.#schedules.InnerMap.depth + this.#underWay.size;
  }

  /** Since when the longest waiting status has waited, in milliseconds of the clock. */
  get oldest(): number | undefined {
    const [outer, inner] = [this.#schedules.OuterMap.oldest, this.#schedules.InnerMap.oldest];
    return outer === undefined || inner === undefined ? (outer ?? inner) : Math.min(outer, inner);
  }

  /** Resolves when all writes under way have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  get #now(): number {
    return this.#options.clock.now();
  }

  /** Number of writes that may still start; negative for InnerMaps while OuterMaps use their higher limit. */
  #room(kind: ObjectKind): number {
    return MAX_UNDER_WAY[kind] - this.#underWay.size;
  }

  #begin(kind: ObjectKind, id: string, stop: AbortSignal): void {
    const name = `${kind} ${id}`;
    const before = this.#underWay.get(name);
    if (before !== undefined) {
      before.then(() => this.#schedules[kind].failed(id, this.#now, 0));
      return;
    }
    const target = this.#target(kind, id);
    if (target === undefined || canonicalText(target.status) === target.memory.written.text) return;
    const writing = this.#write(target, stop).finally(() => {
      this.#underWay.delete(name);
      this.#options.freed();
    });
    this.#underWay.set(name, writing);
  }

  /** Undefined if the object changed since the last turn: the next turn makes its status. */
  #target(kind: ObjectKind, id: string): Target | undefined {
    const { memory, streams } = this.#options;
    const isInner = kind === 'InnerMap';
    const facts = isInner ? streams.innerMaps.items.get(id) : streams.outerMaps.get(id);
    const inner = isInner ? innerMemory(memory, id) : undefined;
    const object = isInner ? inner : memory.outers.get(id)?.object;
    const input = object?.input;
    if (facts === undefined || object === undefined || input?.uid !== facts.uid) return undefined;
    if (input.generation !== facts.generation) return undefined;
    object.written = newerStatus(facts.written, object.written);
    const date = this.#options.clock
      .date()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const status = inner === undefined ? outerStatus(object, date) : innerStatus(inner, date);
    return { kind, id, memory: object, facts, status, ref: isInner ? innerMapRef(id) : outerMapRef(id) };
  }

  async #write(target: Target, signal: AbortSignal): Promise<void> {
    const { cluster, observer } = this.#options;
    const { kind, id, memory, facts, status, ref } = target;
    const before = memory.written;
    const written = before.text === '' ? {} : (JSON.parse(before.text) as object);
    const body = { metadata: { resourceVersion: latestOf(facts, before) }, status: patchTo(status, written) };
    try {
      const call = { attempts: 1, signal };
      const answer = await cluster.patch<KubeObject>({ ...ref, subresource: 'status' }, body, call);
      observer.wrote(kind, '200');
      this.#backoff.reset();
      this.#conflicts.delete(`${kind} ${id}`);
      this.#schedules[kind].wrote(id, this.#now);
      this.#wrote(target, before, answer);
    } catch (error) {
      if (!signal.aborted) this.#failed(target, error);
    }
  }

  /** Stores the written status: neither its event nor the next turn brings anything new. */
  #wrote({ kind, id, memory, facts }: Target, before: WrittenStatus, answer: KubeObject): void {
    const { streams } = this.#options;
    const after = writtenIn(answer);
    memory.written = newerStatus(after, memory.written);
    if (memory.input !== undefined) memory.input = { ...memory.input, written: memory.written.text };
    const { resourceVersion = '' } = answer.metadata;
    const keep = <T extends InnerFacts | OuterFacts>(store: Store<T>): void => {
      const known = store.get(id);
      const isSame = known?.uid === facts.uid && known.generation === facts.generation;
      if (isSame && after.version > versionOf(known.resourceVersion))
        store.put(id, { ...known, resourceVersion, written: after });
    };
    if (kind === 'InnerMap') keep(streams.innerMaps.items);
    else keep(streams.outerMaps);
    const { name, uid } = facts;
    const namespace = 'namespace' in facts ? { namespace: facts.namespace } : {};
    const subject: StatusSubject = { kind, name, uid, ...namespace };
    for (const event of eventsBetween(subject, before, after)) this.#options.recorded(event);
  }

  #failed({ kind, id }: Target, error: unknown): void {
    const { observer, failed } = this.#options;
    const status = error instanceof ApiError ? error.status : 0;
    observer.wrote(kind, status === 0 ? 'error' : String(status));
    // Deleted and forgotten while its write was under way: nothing of it is to be remembered
    if (!this.#schedules[kind].knows(id)) return;
    if (status === 404 || status === 409) {
      this.#schedules[kind].failed(id, this.#now, this.#conflictWait(`${kind} ${id}`));
      return;
    }
    failed(kind, id, asError(error));
    if (status === 422 || status === 400 || status === 413) {
      this.#schedules[kind].failed(id, this.#now, REJECTED_MS);
      return;
    }
    const retryAfter = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
    const wait = Math.max(this.#backoff.next(), retryAfter);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now + wait);
    this.#schedules[kind].failed(id, this.#now, wait);
  }

  #conflictWait(name: string): number {
    const times = this.#conflicts.get(name) ?? 0;
    this.#conflicts.set(name, Math.min(times + 1, 16));
    return Math.min(CONFLICT_MS.first * 2 ** times, CONFLICT_MS.last);
  }
}

/**
 * The resourceVersion that the patch requires: an object recreated under the same name must not get the status of its
 * predecessor. A uid does not protect: for /status the API server (1.36) copies the stored metadata before it compares.
 */
function latestOf({ resourceVersion }: InnerFacts | OuterFacts, written: WrittenStatus): string {
  return written.version > versionOf(resourceVersion) ? String(written.version) : resourceVersion;
}
