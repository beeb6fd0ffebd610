import type { ContentRoom } from '../core/bytes/contentroom.ts';
import { emptyMemory, isBehind, quietNodes } from '../core/status/clusterrollup.ts';
import type { Cluster } from '../kube/client.ts';
import { Events } from '../kube/events.ts';
import { Lease } from '../kube/lease.ts';
import type { StreamFailure } from '../kube/reflector.ts';
import { type Clock, REAL_CLOCK } from '../timing/clock.ts';
import { yieldToEventLoop } from '../timing/sliced.ts';
import { aborted, Trigger } from '../timing/trigger.ts';
import { ContentLoader } from './contents.ts';
import { type Gauges, NO_OBSERVER, type Observer } from './observer.ts';
import { IDLE_TURN_EVERY_MS, Pace } from './pace.ts';
import { Streams, type Urgency } from './streams.ts';
import { type ControllerPorts, turn } from './turn.ts';
import { StatusWriter } from './write.ts';

/** The log methods that the controller uses. */
export interface ControllerLog {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface ControllerOptions {
  readonly cluster: Cluster;
  /** Namespace of the agents' Pods and of the Lease. */
  readonly namespace: string;
  /** Label selector of the agents' Pods. */
  readonly agentSelector: string;
  /** Name of this process's Pod. */
  readonly identity: string;
  readonly log: ControllerLog;
  readonly clock?: Clock;
  readonly observer?: Observer;
  readonly relistJitterMs?: number;
  /** If false, this process writes without holding the Lease. */
  readonly leaderElection?: boolean;
  /** For the contents of one InnerMap, which are encoded only to be checked. */
  readonly room?: ContentRoom;
}

const LEASE = 'innermap-controller';
const CONTROLLER = 'innermap.io/controller';
/** Time that writes under way get to finish at the end. */
const STOP_MS = 2_000;
const FINISH_MS = 1_000;
const FINISH_POLL_MS = 20;
const STUCK_MS = 60_000;

/**
 * Rolls up the nodes' reports and writes them into the statuses, turn by turn while it leads. A follower keeps its
 * streams open, so that it can take over at once.
 */
export class Controller {
  readonly #options: ControllerOptions;
  readonly #clock: Clock;
  readonly #trigger = new Trigger();
  readonly #pace: Pace;
  readonly #ports: ControllerPorts;
  readonly #events: Events;
  #isStopped = false;
  #leads = false;
  #loopedAt: number;

  constructor(options: ControllerOptions) {
    this.#options = options;
    const { cluster, log, identity, clock = REAL_CLOCK } = options;
    this.#clock = clock;
    this.#pace = new Pace(clock);
    this.#loopedAt = clock.now();
    this.#events = new Events({
      ...{ cluster, clock, controller: CONTROLLER, instance: identity },
      failed: error => log.warn('Event not written', { error: error.message }),
    });
    const memory = emptyMemory();
    const streams = this.#openStreams();
    const contents = new ContentLoader({
      ...{ streams, cluster, clock, room: options.room, changed: () => this.#changed('soon') },
      failed: error => log.warn('Contents not read', { error: error.message }),
    });
    const writer = new StatusWriter({
      ...{ memory, streams, cluster, clock, freed: () => this.#trigger.fire() },
      observer: options.observer ?? NO_OBSERVER,
      recorded: event => this.#events.record(event),
      failed: (kind, id, error) => log.warn('Status not written', { kind, name: id, error: error.message }),
    });
    this.#ports = { streams, memory, contents, writer, clock, mayWrite: () => this.#mayWrite() };
  }

  /** Runs until it is stopped or loses the Lease. On `lost` another process leads, and this one should exit. */
  async run(stop: AbortSignal): Promise<'stopped' | 'lost'> {
    const leaving = new AbortController();
    const leave = (): void => leaving.abort();
    const finish = (): void => void this.#finish().then(leave);
    stop.addEventListener('abort', finish);
    if (stop.aborted) leave();
    this.#ports.streams.start();
    const turning = this.#turnUntil(leaving.signal).finally(leave);
    // The error is thrown below, after the Lease was released.
    turning.catch(() => {});
    const outcome = await this.#lead(leaving.signal);
    leave();
    stop.removeEventListener('abort', finish);
    await turning.finally(() => this.#close());
    return outcome;
  }

  /** Whether all streams have synced and the controller still runs. */
  ready(): boolean {
    return this.#ports.streams.hasSynced && !this.#isStopped;
  }

  /** Whether the loop has run within the last minute. */
  alive(): boolean {
    return this.#clock.now() - this.#loopedAt < STUCK_MS;
  }

  gauges(): Gauges {
    const { writer, streams, memory } = this.#ports;
    const { nodes, outers, inners } = streams.snapshot();
    const { silent: nodesSilent, withoutAgent: nodesWithoutAgent } = quietNodes(memory);
    const { oldest } = writer;
    return {
      isLeader: this.#leads,
      queueDepth: writer.depth,
      queueOldestSeconds: oldest === undefined ? 0 : (this.#clock.now() - oldest) / 1000,
      nodes: nodes.size,
      ...{ nodesSilent, nodesWithoutAgent },
      outerMaps: outers.size,
      innerMaps: inners.size,
      eventsDropped: this.#events.dropped,
      watchRestarts: streams.restarts,
    };
  }

  #openStreams(): Streams {
    const { cluster, namespace, agentSelector, relistJitterMs, room, log } = this.#options;
    return new Streams({
      ...{ cluster, namespace, agentSelector, room, clock: this.#clock },
      ...(relistJitterMs === undefined ? {} : { relistJitterMs }),
      changed: urgency => this.#changed(urgency),
      restored: (stream, resourceVersion) => {
        log.warn('Server was restored', { stream, resourceVersion });
        const { memory, streams } = this.#ports;
        memory.guard.detected(resourceVersion, streams.snapshot().states.values(), this.#clock.now());
        this.#changed('soon');
      },
      failed: (stream, failure) => this.#streamFailed(stream, failure),
    });
  }

  /** Watermarks are urgent while a node is behind, because a user may be waiting for it. */
  #changed(urgency: Urgency): void {
    const isAwaited = urgency === 'later' && isBehind(this.#ports.memory);
    this.#pace.changed(isAwaited ? 'soon' : urgency);
    this.#trigger.fire();
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

  async #turnUntil(stop: AbortSignal): Promise<void> {
    const { streams, writer } = this.#ports;
    while (!stop.aborted) {
      this.#loopedAt = this.#clock.now();
      streams.advance();
      const hasMore = this.#mayWrite() && (this.#pace.isDue ? await this.#turn(stop) : writer.write(stop));
      await this.#trigger.wait(this.#clock, hasMore ? 0 : this.#pauseMs, stop);
      // The trigger may fire without pause: let other tasks run.
      await yieldToEventLoop();
    }
  }

  #mayWrite(): boolean {
    return this.#leads && this.#ports.streams.isConsistent(this.#clock.now());
  }

  get #pauseMs(): number {
    return this.#mayWrite() ? Math.min(this.#pace.waitMs, this.#ports.writer.waitMs) : IDLE_TURN_EVERY_MS;
  }

  /** Idle turns are not observed. */
  async #turn(stop: AbortSignal): Promise<boolean> {
    const { isIdle } = this.#pace;
    const { result, seconds } = await this.#pace.timed(() => turn(this.#ports, stop));
    if (!isIdle) this.#options.observer?.folded(seconds);
    return result;
  }

  /** Writes the OuterMaps' pending statuses, for at most FINISH_MS. */
  async #finish(): Promise<void> {
    const { writer } = this.#ports;
    const end = this.#clock.now() + FINISH_MS;
    while (this.#leads && this.#clock.now() < end) {
      writer.hurryOuterMaps();
      this.#trigger.fire();
      if (this.#pace.isCalm && !writer.hasOuterMaps) return;
      await this.#clock.sleep(FINISH_POLL_MS);
    }
  }

  /** Stops all parts. It waits for writes under way, but at most STOP_MS. */
  async #close(): Promise<void> {
    const { streams, contents, writer } = this.#ports;
    this.#leads = false;
    this.#isStopped = true;
    await streams.stop();
    await contents.settled();
    const done = new AbortController();
    await Promise.race([writer.settled(), this.#clock.sleep(STOP_MS, done.signal)]);
    done.abort();
    await this.#events.stop();
  }
}
