import { type Clock, microTime, REAL_CLOCK } from '../timing/clock.ts';
import { ApiError, type CallOptions, type Cluster, type KubeObject } from './client.ts';
import { asError } from './watch/failure.ts';

export interface LeaseOptions {
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'replace'>;
  readonly namespace: string;
  readonly name: string;
  /** Two processes with the same identity would both lead. */
  readonly identity: string;
  readonly clock?: Clock;
  /** Called when another holder is seen, or this one. */
  readonly onHolder?: (identity: string) => void;
  /** Called for a request that failed; it is repeated. */
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
/** Another process may take a lease that was not renewed for this time. */
const DURATION_MS = 15_000;
/** The holder gives up after this time without a renewal: before another may lead. */
const RENEW_DEADLINE_MS = 10_000;
const RETRY_MS = 2_000;

/**
 * Lets one of several processes lead at a time. The times in a Lease are never compared with the local clock, whose
 * setting may differ: a lease is free when it has not changed for its duration, measured locally.
 */
export class Lease {
  readonly #options: LeaseOptions;
  readonly #clock: Clock;
  #seen: LeaseObject | undefined;
  #seenAt = 0;
  #reportedHolder = '';

  constructor(options: LeaseOptions) {
    this.#options = options;
    this.#clock = options.clock ?? REAL_CLOCK;
    if (options.identity === '') throw new Error('Cannot ask for a lease: the identity is empty');
  }

  /** Waits for the lease; false where it was stopped before. */
  async acquire(stop: AbortSignal): Promise<boolean> {
    while (!stop.aborted) {
      if (await this.#acquireOrRenew(stop)) return true;
      await this.#clock.sleep(RETRY_MS * (1 + 0.2 * this.#clock.random()), stop);
    }
    return false;
  }

  /** Renews until stopped, then releases the lease; or until it is lost, after which nothing may be written. */
  async hold(stop: AbortSignal): Promise<'released' | 'lost'> {
    let renewedAt = this.#clock.now();
    while (!stop.aborted) {
      await this.#clock.sleep(RETRY_MS, stop);
      if (stop.aborted) break;
      const began = this.#clock.now();
      const left = renewedAt + RENEW_DEADLINE_MS - began;
      if (left > 0 && (await this.#acquireOrRenew(stop, left))) renewedAt = began;
      else if (this.#isAnothers || this.#clock.now() - renewedAt >= RENEW_DEADLINE_MS) return 'lost';
    }
    await this.#release();
    return 'released';
  }

  get #isAnothers(): boolean {
    return !['', this.#options.identity].includes(holderOf(this.#seen));
  }

  async #acquireOrRenew(stop: AbortSignal, leftMs = RENEW_DEADLINE_MS): Promise<boolean> {
    const { cluster } = this.#options;
    const call = { signal: stop, attempts: 1, urgent: true, timeoutMs: Math.min(5_000, leftMs) };
    try {
      const found = await this.#read(call);
      if (found !== undefined && this.#isAnothers && !this.#hasExpired(found)) return false;
      const lease = this.#heldBy(found);
      if (found === undefined) this.#observe(await cluster.create<LeaseObject>(this.#ref, lease, call));
      else this.#observe(await cluster.replace<LeaseObject>(this.#ref, lease, call));
      return true;
    } catch (error) {
      if (!stop.aborted) this.#report(error);
      return false;
    }
  }

  get #ref() {
    return { resource: RESOURCE, namespace: this.#options.namespace, name: this.#options.name };
  }

  async #read(call: CallOptions): Promise<LeaseObject | undefined> {
    try {
      const found = await this.#options.cluster.get<LeaseObject>(this.#ref, call);
      this.#observe(found);
      return found;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** The duration in the Lease counts: its holder may have another one than this process. */
  #hasExpired({ spec }: LeaseObject): boolean {
    const durationMs = (spec?.leaseDurationSeconds ?? DURATION_MS / 1000) * 1000;
    return this.#clock.now() - this.#seenAt >= durationMs;
  }

  /** Has the resourceVersion that was read: of two processes that take a lease at once, one gets a Conflict. */
  #heldBy(found: LeaseObject | undefined): LeaseObject {
    const { namespace, name, identity } = this.#options;
    const now = microTime(this.#clock.date());
    const renewed = { holderIdentity: identity, leaseDurationSeconds: DURATION_MS / 1000, renewTime: now };
    if (found !== undefined && holderOf(found) === identity)
      return { ...found, spec: { ...found.spec, ...renewed } };
    const leaseTransitions = found === undefined ? 0 : (found.spec?.leaseTransitions ?? 0) + 1;
    return {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, ...found },
      spec: { ...found?.spec, ...renewed, acquireTime: now, leaseTransitions },
    };
  }

  #observe(found: LeaseObject): void {
    if (!isSameLease(this.#seen, found)) this.#seenAt = this.#clock.now();
    this.#seen = found;
    const holder = holderOf(found);
    if (holder === '' || holder === this.#reportedHolder) return;
    this.#reportedHolder = holder;
    this.#options.onHolder?.(holder);
  }

  /**
   * Another process then need not wait until the lease expires. It is read again, because the renewal that the stop
   * interrupted may have been written. A failure costs that wait and no more.
   */
  async #release(): Promise<void> {
    const call = { attempts: 1, urgent: true, timeoutMs: 2_000 };
    try {
      const found = await this.#read(call);
      if (found === undefined || holderOf(found) !== this.#options.identity) return;
      const now = microTime(this.#clock.date());
      const spec = { ...found.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime: now };
      await this.#options.cluster.replace(this.#ref, { ...found, spec }, call);
    } catch (error) {
      this.#report(error);
    }
  }

  /** A Conflict is no failure: another process was faster. */
  #report(error: unknown): void {
    if (!(error instanceof ApiError && error.status === 409)) this.#options.failed?.(asError(error));
  }
}

function holderOf(lease: LeaseObject | undefined): string {
  return lease?.spec?.holderIdentity ?? '';
}

function isSameLease(left: LeaseObject | undefined, right: LeaseObject): boolean {
  if (left === undefined) return false;
  return JSON.stringify([left.metadata.uid, left.spec]) === JSON.stringify([right.metadata.uid, right.spec]);
}
