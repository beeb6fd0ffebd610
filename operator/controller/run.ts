import type { World } from '../core/status/old/clusterstate.ts';
import { World as NewWorld } from '../core/status/old/clusterstate.ts';
import type { Cluster } from '../kube/client.ts';
import { Events } from '../kube/events.ts';
import { Lease } from '../kube/lease.ts';
import type { StreamFailure } from '../kube/reflector.ts';
import { type Clock, REAL_CLOCK } from '../timing/clock.ts';
import { runSliced, yieldToEventLoop } from '../timing/sliced.ts';
import { aborted, Trigger } from '../timing/trigger.ts';
import { Inbox } from './changes.ts';
import { Judge } from './contents.ts';
import { intakesInto } from './intakes.ts';
import type { ControllerLog } from './log.ts';
import { type Gauges, NO_OBSERVER, type Observer } from './observer.ts';
import { Rewinds } from './rewinds.ts';
import { Streams } from './streams.ts';
import { Writer } from './write.ts';

export interface ControllerOptions {
  readonly cluster: Cluster;
  /** Where the agents' Pods and the Lease are. */
  readonly namespace: string;
  /** Label selector of the agents' Pods. */
  readonly agentSelector: string;
  /** Of this process: the Pod's name. */
  readonly identity: string;
  readonly log: ControllerLog;
  readonly clock?: Clock;
  readonly observer?: Observer;
  readonly relistJitterMs?: number;
  /** False: this process alone writes, without a Lease. */
  readonly leaderElection?: boolean;
}

const LEASE = 'innermap-controller';
const CONTROLLER = 'innermap.io/controller';
/** Between two folds, where much comes. */
const FOLD_EVERY_MS = 100;
/** Of the time since the last fold, at most a tenth goes into the next. */
const FOLD_SHARE = 10;
const LONGEST_PAUSE_MS = 2_000;
/** What time alone changes is looked for this often. */
const LOOK_EVERY_MS = 1_000;
/** How long writes that are under way may take at the end. */
const STOP_MS = 2_000;
const FINISH_MS = 1_000;
const FINISH_LOOK_MS = 20;
const STUCK_MS = 60_000;

/**
 * Sums up what the nodes report, and writes it into the statuses.
 *
 * - Streams keep a world of facts as the server has it; a follower's too, so that it can take over at once.
 * - The leader folds what has changed: a single change at once, many together.
 * - What differs from what is written is written when its schedule says so.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #world: World = new NewWorld();
  readonly #trigger = new Trigger();
  readonly #inbox: Inbox;
  readonly #streams: Streams;
  readonly #writer: Writer;
  readonly #judge: Judge;
  readonly #events: Events;
  readonly #rewinds = new Rewinds();
  readonly #stopped = new AbortController();
  #leads = false;
  #foldedAt = Number.NEGATIVE_INFINITY;
  #foldTook = 0;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #turnedAt: number;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { cluster, log, identity } = options;
    const clock = options.clock ?? REAL_CLOCK;
    const world = this.#world;
    this.#clock = clock;
    this.#turnedAt = clock.now();
    const changed = () => this.#trigger.fire();
    this.#inbox = new Inbox(changed, error => log.error('Change not taken', { error: String(error) }));
    this.#events = new Events({
      ...{ cluster, clock, controller: CONTROLLER, instance: identity },
      failed: error => log.warn('Event not written', { error: error.message }),
    });
    this.#writer = new Writer({
      ...{ world, cluster, clock, freed: changed },
      observer: options.observer ?? NO_OBSERVER,
      happened: happening => this.#events.record(happening),
      failed: (kind, id, error) => log.warn('Status not written', { kind, name: id, error: error.message }),
    });
    this.#judge = new Judge({
      ...{ world, cluster, clock, changed },
      failed: error => log.warn('Contents not read', { error: error.message }),
    });
    this.#streams = this.#openStreams();
  }

  /** Until stopped, or until the Lease is lost: then another leads, and this process should end. */
  async run(stop: AbortSignal): Promise<'stopped' | 'lost'> {
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    const finish = (): void => void this.#finish().then(leave);
    stop.addEventListener('abort', finish);
    if (stop.aborted) leave();
    this.#streams.start();
    const turning = this.#turn(leaving.signal).finally(leave);
    // Thrown below, when the Lease is given back.
    turning.catch(() => {});
    const outcome = await this.#lead(leaving.signal);
    leave();
    stop.removeEventListener('abort', finish);
    await turning.finally(() => this.#close());
    return outcome;
  }

  /** Everything that is to be summed up has been read. */
  ready(): boolean {
    return this.#streams.hasSynced && !this.#stopped.signal.aborted;
  }

  /** The loop turns. */
  alive(): boolean {
    return this.#clock.now() - this.#turnedAt < STUCK_MS;
  }

  gauges(): Gauges {
    const oldest = this.#writer.oldest;
    return {
      isLeader: this.#leads,
      queueDepth: this.#writer.depth,
      queueOldestSeconds: oldest === undefined ? 0 : (this.#clock.now() - oldest) / 1000,
      nodes: this.#world.nodes.all.length,
      outerMaps: [...this.#world.outers.values()].filter(({ facts }) => facts !== undefined).length,
      innerMaps: this.#world.inners.size,
      eventsDropped: this.#events.dropped,
      watchRestarts: this.#streams.restarts,
    };
  }

  #openStreams(): Streams {
    const { cluster, namespace, agentSelector, relistJitterMs } = this.#options;
    const intakes = intakesInto(this.#world, this.#clock, {
      forget: (kind, id) => this.#writer.forget(kind, id),
      outerChanged: name => this.#judge.look(name, this.#stopped.signal),
    });
    return new Streams({
      ...{ world: this.#world, cluster, clock: this.#clock, inbox: this.#inbox, intakes },
      ...{ namespace, agentSelector },
      ...(relistJitterMs === undefined ? {} : { relistJitterMs }),
      noticed: (stream, resourceVersion) => this.#rewound(stream, resourceVersion),
      failed: (stream, failure) => this.#streamFailed(stream, failure),
    });
  }

  #rewound(stream: string, resourceVersion: string): void {
    const upTo = this.#rewinds.noticed(resourceVersion, this.#clock.now());
    this.#options.log.warn('Server was restored', { stream, resourceVersion });
    if (upTo !== undefined) this.#world.distrust(upTo, this.#clock.now());
  }

  #streamFailed(stream: string, { doing, error, key, retryInMs }: StreamFailure): void {
    const fields = { stream, doing, key, retryInMs, error: error.message };
    if (doing === 'watch') this.#options.log.info('Stream interrupted', fields);
    else this.#options.log.warn('Stream failed', fields);
  }

  async #lead(stop: AbortSignal): Promise<'stopped' | 'lost'> {
    const { cluster, namespace, identity, log, leaderElection = true } = this.#options;
    if (!leaderElection) {
      this.#setLeads(true);
      await aborted(stop);
      return 'stopped';
    }
    const lease = new Lease({
      ...{ cluster, namespace, identity, name: LEASE, clock: this.#clock },
      onHolder: holder => log.info('Leader', { holder }),
      failed: error => log.warn('Lease not renewed', { error: error.message }),
    });
    if (!(await lease.acquire(stop))) return 'stopped';
    this.#setLeads(true);
    const outcome = await lease.hold(stop);
    this.#setLeads(false);
    if (outcome === 'lost') log.error('Lease lost, nothing more is written');
    return outcome === 'lost' ? 'lost' : 'stopped';
  }

  #setLeads(leads: boolean): void {
    this.#leads = leads;
    this.#trigger.fire();
  }

  async #turn(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      this.#turnedAt = this.#clock.now();
      this.#streams.advance();
      const mayWrite = this.#leads && this.#streams.mayBeJudged(this.#turnedAt);
      if (mayWrite) await this.#foldWhenDue();
      const hasMore = mayWrite && this.#leads && this.#writer.fill(stop);
      await this.#trigger.wait(this.#clock, hasMore ? 0 : this.#pauseMs(mayWrite), stop);
      // What fired may fire again and again: others have their turn.
      await yieldToEventLoop();
    }
  }

  async #foldWhenDue(): Promise<void> {
    const now = this.#clock.now();
    if (now - this.#lookedAt >= LOOK_EVERY_MS) {
      this.#world.passed(now);
      this.#lookedAt = now;
    }
    if (!this.#world.isDirty || (now < this.#nextFold && !this.#world.isPressing)) return;
    const began = performance.now();
    await runSliced(this.#world.fold(now, told => this.#writer.mark(told)));
    this.#foldTook = performance.now() - began;
    this.#foldedAt = this.#clock.now();
    this.#options.observer?.folded(this.#foldTook / 1000);
  }

  get #nextFold(): number {
    // Watermarks advance all the time, somewhere.
    if (this.#world.isCalm) return this.#foldedAt + LONGEST_PAUSE_MS;
    return this.#foldedAt + Math.min(LONGEST_PAUSE_MS, Math.max(FOLD_EVERY_MS, this.#foldTook * FOLD_SHARE));
  }

  #pauseMs(mayWrite: boolean): number {
    if (!mayWrite) return LOOK_EVERY_MS;
    const now = this.#clock.now();
    if (this.#world.isPressing) return 0;
    const fold = this.#world.isDirty ? this.#nextFold - now : Number.POSITIVE_INFINITY;
    const look = this.#lookedAt + LOOK_EVERY_MS - now;
    return Math.max(0, Math.min(fold, look, this.#writer.waitMs));
  }

  /** The OuterMaps' statuses as they should be, as far as that takes no longer than a moment. */
  async #finish(): Promise<void> {
    const end = this.#clock.now() + FINISH_MS;
    while (this.#leads && this.#clock.now() < end) {
      this.#writer.hurryOuters();
      this.#trigger.fire();
      if (this.#world.isCalm && !this.#writer.hasOuters) return;
      await this.#clock.sleep(FINISH_LOOK_MS);
    }
  }

  /** What is under way is ended, the longest wait aside. */
  async #close(): Promise<void> {
    this.#leads = false;
    this.#stopped.abort();
    await this.#streams.stop();
    await this.#inbox.settled();
    await this.#judge.settled();
    const done = new AbortController();
    await Promise.race([this.#writer.settled(), this.#clock.sleep(STOP_MS, done.signal)]);
    done.abort();
    await this.#events.stop();
  }
}

/** The same as one call, for whoever asks for nothing but the end. */
export function runController(options: ControllerOptions, stop: AbortSignal): Promise<'stopped' | 'lost'> {
  return new Controller(options).run(stop);
}
