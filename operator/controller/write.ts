import { versionOf } from '../api/resourceversion.ts';
import { canonicalText } from '../core/canonical.ts';
import type { Written } from '../core/status/facts.ts';
import type { World } from '../core/status/old/clusterstate.ts';
import type { Told } from '../core/status/old/evaluate.ts';
import type { InnerRecord, OuterRecord } from '../core/status/old/memory.ts';
import { innerStatus, outerStatus } from '../core/status/old/statuses.ts';
import { patchTo } from '../core/status/patch.ts';
import { Schedule } from '../core/status/schedule.ts';
import { ApiError, type Cluster, type KubeObject, type ResourceRef } from '../kube/client.ts';
import type { EventRecord } from '../kube/events.ts';
import { innerMapRef, outerMapRef } from '../kube/resources.ts';
import { Backoff } from '../timing/backoff.ts';
import type { Clock } from '../timing/clock.ts';
import { eventsBetween, type StatusSubject } from './events.ts';
import { writtenIn } from './facts/written.ts';
import type { ObjectKind, Observer } from './observer.ts';

export interface WriterOptions {
  readonly world: World;
  readonly cluster: Pick<Cluster, 'patch'>;
  readonly clock: Clock;
  readonly observer: Observer;
  /** There may be room for more. */
  readonly freed: () => void;
  readonly happened: (happening: EventRecord) => void;
  readonly failed: (kind: ObjectKind, id: string, error: Error) => void;
}

interface Target {
  readonly kind: ObjectKind;
  readonly id: string;
  readonly record: InnerRecord | OuterRecord;
  readonly place: ResourceRef;
  readonly subject: StatusSubject;
  readonly status: object;
}

/** Writes under way; an OuterMap's, which tells that something is gone, waits for no InnerMap's. */
const MOST = { OuterMap: 20, InnerMap: 16 } as const;
/** Most that is worked out in one go where nothing of it differs. */
const MOST_LOOKED_AT = 64;
/** The object has changed or is gone: its stream tells in a moment, or later where it is interrupted. */
const OVERTAKEN_MS = { first: 100, last: 30_000 } as const;
const REFUSED_MS = 60_000;

/** Writes statuses when they are due: each as everything known then makes it, none that is written already. */
export class Writer {
  readonly #options: WriterOptions;
  readonly #backoff: Backoff;
  readonly #schedules: Readonly<Record<ObjectKind, Schedule>> = {
    OuterMap: new Schedule(),
    InnerMap: new Schedule(),
  };
  readonly #underWay = new Map<string, Promise<void>>();
  /** How often in a row. */
  readonly #overtaken = new Map<string, number>();
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.clock);
  }

  mark({ kind, id, urgent, fresh }: Told): void {
    this.#schedules[kind].mark(id, { now: this.#options.clock.now(), urgent, fresh });
  }

  /** What is told of OuterMaps does not wait: after a restart it shows which deletions were missed. */
  hurryOuters(): void {
    this.#schedules.OuterMap.hurry(this.#options.clock.now());
  }

  get hasOuters(): boolean {
    const isUnderWay = [...this.#underWay.keys()].some(name => name.startsWith('OuterMap'));
    return isUnderWay || this.#schedules.OuterMap.depth > 0;
  }

  forget(kind: ObjectKind, id: string): void {
    this.#schedules[kind].forget(id);
    this.#overtaken.delete(`${kind} ${id}`);
  }

  /** Begins as many writes as there is room for; answers whether there is more to look at now. */
  fill(stop: AbortSignal): boolean {
    const now = this.#options.clock.now();
    if (now < this.#pausedUntil) return false;
    let looks = MOST_LOOKED_AT;
    for (const kind of ['OuterMap', 'InnerMap'] as const) {
      while (looks > 0) {
        const room = MOST[kind] - this.#underWay.size;
        const ids = this.#schedules[kind].take(now, Math.min(room, looks));
        if (ids.length === 0) break;
        for (const id of ids) this.#begin(kind, id, stop);
        looks -= ids.length;
      }
    }
    return looks <= 0;
  }

  /** How long nothing is due. */
  get waitMs(): number {
    const now = this.#options.clock.now();
    const { OuterMap, InnerMap } = this.#schedules;
    if (this.#underWay.size >= MOST.InnerMap) return Number.POSITIVE_INFINITY;
    const due = Math.min(OuterMap.nextDue, InnerMap.nextDue);
    return Math.max(0, due - now, this.#pausedUntil - now);
  }

  get depth(): number {
    return this.#schedules.OuterMap.depth + this.#schedules.InnerMap.depth + this.#underWay.size;
  }

  get oldest(): number | undefined {
    const [outer, inner] = [this.#schedules.OuterMap.oldest, this.#schedules.InnerMap.oldest];
    return outer === undefined || inner === undefined ? (outer ?? inner) : Math.min(outer, inner);
  }

  async settled(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #begin(kind: ObjectKind, id: string, stop: AbortSignal): void {
    const name = `${kind} ${id}`;
    const before = this.#underWay.get(name);
    const target = before === undefined ? this.#target(kind, id) : undefined;
    if (before !== undefined) before.then(() => this.#schedules[kind].failed(id, this.#now, 0));
    if (target === undefined || canonicalText(target.status) === target.record.written.text) return;
    const writing = this.#write(target, stop).finally(() => {
      this.#underWay.delete(name);
      this.#options.freed();
    });
    this.#underWay.set(name, writing);
  }

  get #now(): number {
    return this.#options.clock.now();
  }

  #target(kind: ObjectKind, id: string): Target | undefined {
    const { world, clock } = this.#options;
    const date = clock
      .date()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z');
    const moment = { now: clock.now(), date };
    if (kind === 'InnerMap') {
      const record = world.inners.get(id);
      if (record === undefined) return undefined;
      const { namespace, name, uid } = record.facts;
      world.refresh(record.outer, moment.now);
      const status = innerStatus(record, world, moment);
      return {
        ...{ kind, id, record, status, place: innerMapRef(id) },
        subject: { kind, namespace, name, uid },
      };
    }
    const record = world.outers.get(id);
    if (record?.facts === undefined) return undefined;
    world.refresh(record, moment.now);
    const status = outerStatus(record, world, moment);
    const { name, uid } = record.facts;
    return { kind, id, record, status, place: outerMapRef(id), subject: { kind, name, uid } };
  }

  async #write(target: Target, signal: AbortSignal): Promise<void> {
    const { cluster, observer } = this.#options;
    const { kind, id, record, status, place } = target;
    const before = record.written;
    const known = before.text === '' ? {} : (JSON.parse(before.text) as object);
    const body = { metadata: { resourceVersion: latestOf(record) }, status: patchTo(status, known) };
    try {
      const call = { attempts: 1, signal };
      const answer = await cluster.patch<KubeObject>({ ...place, subresource: 'status' }, body, call);
      observer.wrote(kind, '200');
      this.#backoff.reset();
      this.#overtaken.delete(`${kind} ${id}`);
      this.#schedules[kind].wrote(id, this.#now);
      this.#wrote(target, before, writtenIn(answer));
    } catch (error) {
      if (!signal.aborted) this.#failed(target, error);
    }
  }

  #wrote({ record, subject }: Target, before: Written, after: Written): void {
    if (after.version >= record.written.version) record.written = after;
    for (const happening of eventsBetween(subject, before, after)) this.#options.happened(happening);
  }

  #failed({ kind, id }: Target, error: unknown): void {
    const { observer, failed } = this.#options;
    const status = error instanceof ApiError ? error.status : 0;
    observer.wrote(kind, status === 0 ? 'error' : String(status));
    if (status === 404 || status === 409) {
      this.#schedules[kind].failed(id, this.#now, this.#overtakenAgain(`${kind} ${id}`));
      return;
    }
    failed(kind, id, error instanceof Error ? error : new Error(String(error)));
    if (status === 422 || status === 400 || status === 413) {
      this.#schedules[kind].failed(id, this.#now, REFUSED_MS);
      return;
    }
    const asked = error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
    const wait = Math.max(this.#backoff.next(), asked);
    this.#pausedUntil = Math.max(this.#pausedUntil, this.#now + wait);
    this.#schedules[kind].failed(id, this.#now, wait);
  }

  #overtakenAgain(name: string): number {
    const times = this.#overtaken.get(name) ?? 0;
    this.#overtaken.set(name, Math.min(times + 1, 16));
    return Math.min(OVERTAKEN_MS.first * 2 ** times, OVERTAKEN_MS.last);
  }
}

/**
 * The object as it is known, and no other: one that was made again under its name must not get the status of the one
 * before. A uid would not do: the API server (1.36) takes over the stored metadata before it compares, for /status.
 */
function latestOf({ facts, written }: InnerRecord | OuterRecord): string {
  const seen = facts?.resourceVersion ?? '';
  return written.version > versionOf(seen) ? String(written.version) : seen;
}
