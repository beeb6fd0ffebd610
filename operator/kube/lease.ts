import { type Clock, microTime, REAL_CLOCK } from '../timing/clock.ts';
import { ApiError, type Cluster, type KubeObject } from './client.ts';

export interface LeaseOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Of this process: two that share one both lead. */
  readonly identity: string;
  /** After how long without renewal another may take it; default 15 s. */
  readonly durationMs?: number;
  /** After how long without success the holder gives up; default 10 s, below durationMs. */
  readonly renewDeadlineMs?: number;
  /** Between two tries; default 2 s. */
  readonly retryMs?: number;
  readonly clock?: Clock;
  /** Another leads, or we do. */
  readonly onHolder?: (identity: string) => void;
  /** A try that got no answer; it is repeated. */
  readonly failed?: (error: Error) => void;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}

interface LeaseObject extends KubeObject {
  readonly spec?: LeaseSpec;
}

const RESOURCE = { group: 'coordination.k8s.io', version: 'v1', plural: 'leases' };

/**
 * One of several processes leads at a time. Others' times are never compared with our clock, only watched for changes:
 * a lease is free when it has not changed for its duration by our own clock.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  readonly #durationMs: number;
  readonly #retryMs: number;
  #seen: LeaseObject | undefined;
  #seenAt = 0;
  #toldHolder: string | undefined;
  #held = false;

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    this.#durationMs = options.durationMs ?? 15_000;
    this.#retryMs = options.retryMs ?? 2_000;
    if (options.identity === '') throw new Error('Cannot ask for a lease: the identity is empty');
    if (this.#durationMs <= this.#renewDeadlineMs || this.#renewDeadlineMs <= this.#retryMs)
      throw new Error('Cannot ask for a lease: durationMs > renewDeadlineMs > retryMs must hold');
  }

  get isHeld(): boolean {
    return this.#held;
  }

  /** Waits for the lease. False when stopped before. */
  async acquire(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      if (await this.#try(stop)) {
        this.#held = true;
        return true;
      }
      await this.#clock.sleep(this.#jittered(), stop);
    }
    return false;
  }

  /** Renews until stopped, and then gives the lease back; or until it is lost, and then nothing more may be written. */
  async hold(stop: AbortSignal): Promise<'released' | 'lost'> {
    let renewedAt = this.#clock.now();
    while (!stop.aborted) {
      await this.#clock.sleep(this.#retryMs, stop);
      if (stop.aborted) break;
      const left = renewedAt + this.#renewDeadlineMs - this.#clock.now();
      const asked = this.#clock.now();
      if (left > 0 && (await this.#try(stop, left))) renewedAt = asked;
      else if (this.#isAnothers || this.#clock.now() - renewedAt >= this.#renewDeadlineMs)
        return this.#lose();
    }
    await this.#release();
    return 'released';
  }

  get #renewDeadlineMs(): number {
    return this.#options.renewDeadlineMs ?? 10_000;
  }

  get #isAnothers(): boolean {
    const holder = this.#seen?.spec?.holderIdentity;
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  #lose(): 'lost' {
    this.#held = false;
    return 'lost';
  }

  /** Not all that wait ask at the same instant. */
  #jittered(): number {
    return this.#retryMs * (1 + 0.2 * this.#clock.random());
  }

  async #try(stop: AbortSignal, leftMs = this.#renewDeadlineMs): Promise<boolean> {
    const call = { signal: stop, attempts: 1, urgent: true, timeoutMs: Math.min(5_000, leftMs) };
    try {
      const found = await this.#read(call);
      if (found === undefined) this.#observe(await this.#create(call));
      else if (!this.#mayTake(found)) return false;
      else
        this.#observe(await this.#options.cluster.replace<LeaseObject>(this.#ref, this.#taken(found), call));
      return true;
    } catch (error) {
      if (!stop.aborted && !isConflict(error)) this.#tell(error);
      return false;
    }
  }

  get #ref() {
    return { resource: RESOURCE, namespace: this.#options.namespace, name: this.#options.name };
  }

  async #read(call: object): Promise<LeaseObject | undefined> {
    try {
      const found = await this.#options.cluster.get<LeaseObject>(this.#ref, call);
      this.#observe(found);
      return found;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  async #create(call: object): Promise<LeaseObject> {
    const { namespace, name } = this.#options;
    const now = microTime(this.#clock.date());
    const object = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { namespace, name },
      spec: { ...this.#ours(now), acquireTime: now, leaseTransitions: 0 },
    };
    return await this.#options.cluster.create<LeaseObject>(this.#ref, object, call);
  }

  /** The duration that counts is the holder's: it may run with other options. */
  #mayTake({ spec }: LeaseObject): boolean {
    const holder = spec?.holderIdentity ?? '';
    if (holder === '' || holder === this.#options.identity) return true;
    const lasts = (spec?.leaseDurationSeconds ?? this.#durationMs / 1000) * 1000;
    return this.#clock.now() - this.#seenAt >= lasts;
  }

  /** With the resourceVersion that was read: of two that take it at once, one gets a Conflict. */
  #taken(found: LeaseObject): LeaseObject {
    const now = microTime(this.#clock.date());
    const mine = found.spec?.holderIdentity === this.#options.identity;
    const changes = mine
      ? {}
      : { acquireTime: now, leaseTransitions: (found.spec?.leaseTransitions ?? 0) + 1 };
    return { ...found, spec: { ...found.spec, ...this.#ours(now), ...changes } };
  }

  #ours(now: string): LeaseSpec {
    return {
      holderIdentity: this.#options.identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
      renewTime: now,
    };
  }

  #observe(found: LeaseObject): void {
    if (!sameLease(this.#seen, found)) this.#seenAt = this.#clock.now();
    this.#seen = found;
    const holder = found.spec?.holderIdentity ?? '';
    if (holder === '' || holder === this.#toldHolder) return;
    this.#toldHolder = holder;
    this.#options.onHolder?.(holder);
  }

  /**
   * Another need not wait for the lease to run out. Read again: the renewal that the stop interrupted may have been
   * written. A failure costs that wait, no more.
   */
  async #release(): Promise<void> {
    this.#held = false;
    const call = { attempts: 1, urgent: true, timeoutMs: 2_000 };
    try {
      const found = await this.#read(call);
      if (found?.spec?.holderIdentity !== this.#options.identity) return;
      const now = microTime(this.#clock.date());
      const spec = { ...found.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now };
      await this.#options.cluster.replace(this.#ref, { ...found, spec }, call);
    } catch (error) {
      if (!isConflict(error)) this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    this.#options.failed?.(error instanceof Error ? error : new Error(String(error)));
  }
}

function isConflict(error: unknown): boolean {
  return error instanceof ApiError && error.status === 409;
}

function sameLease(left: LeaseObject | undefined, right: LeaseObject): boolean {
  if (left === undefined) return false;
  return JSON.stringify([left.metadata.uid, left.spec]) === JSON.stringify([right.metadata.uid, right.spec]);
}
