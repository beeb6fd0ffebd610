import { runToEnd } from '../../steps.ts';
import type { StatusChange } from '../change.ts';
import {
  type ClusterMemory,
  type ClusterState,
  emptyMemory,
  innerMemory,
  rollUpCluster,
} from '../clusterrollup.ts';
import type {
  InnerFacts,
  NodeFacts,
  NodeMapStateFacts,
  OuterFacts,
  PodFacts,
  WrittenStatus,
} from '../facts.ts';
import { innerStatus, outerStatus } from '../statuses.ts';

const NOTHING: ClusterState = {
  ...{ nodes: new Map(), pods: new Map(), states: new Map(), outers: new Map(), inners: new Map() },
  ...{ deletions: new Map(), listed: '0', epoch: 0 },
};

/** Snapshots of a controller's streams, built by hand and rolled up after each change. */
export class FactsFixture {
  state: ClusterState = NOTHING;
  readonly memory: ClusterMemory = emptyMemory();
  #now = 0;
  #isListed = false;
  #changes: StatusChange[] = [];

  putNode(facts: NodeFacts, now: number): void {
    const previous = this.state.nodes.get(facts.name);
    const node = withEarliest(facts, previous?.uid === facts.uid ? previous : undefined);
    this.#with({ nodes: put(this.state.nodes, facts.name, node) }, now);
  }

  removeNode(name: string, now = this.#now): void {
    this.#with({ nodes: without(this.state.nodes, name) }, now);
  }

  putPod(facts: PodFacts, now: number): void {
    const pod = withEarliest(facts, this.state.pods.get(facts.key));
    this.#with({ pods: put(this.state.pods, facts.key, pod) }, now);
  }

  removePod({ key }: PodFacts, now: number): void {
    this.#with({ pods: without(this.state.pods, key) }, now);
  }

  putState(facts: NodeMapStateFacts, now = this.#now): void {
    this.#with({ states: put(this.state.states, facts.name, facts) }, now);
  }

  removeState(name: string, now = this.#now): void {
    this.#with({ states: without(this.state.states, name) }, now);
  }

  putOuter(facts: OuterFacts, now: number): void {
    this.#with({ outers: put(this.state.outers, facts.name, facts) }, now);
  }

  removeOuter(name: string, now = this.#now): void {
    this.#with({ outers: without(this.state.outers, name) }, now);
  }

  putInner(facts: InnerFacts, now: number): void {
    const previous = this.state.inners.get(facts.key);
    const isOther = previous !== undefined && previous.uid !== facts.uid;
    const deletions = isOther
      ? put(this.state.deletions, previous.outer, facts.resourceVersion)
      : this.state.deletions;
    this.#with({ inners: put(this.state.inners, facts.key, facts), deletions }, now);
  }

  removeInner(key: string, resourceVersion: string, now: number): void {
    const previous = this.state.inners.get(key);
    if (previous === undefined) return;
    const deletions = put(this.state.deletions, previous.outer, resourceVersion);
    this.#with({ inners: without(this.state.inners, key), deletions }, now);
  }

  /** Ends the initial list: from now on each change is rolled up by itself. */
  listed(resourceVersion: string, now: number): void {
    this.#isListed = true;
    this.#with({ listed: resourceVersion }, now);
  }

  /** Drops the InnerMaps, as the streams do when the server was restored to an older revision. */
  forgetInners(): void {
    this.#with({ inners: new Map(), deletions: new Map(), epoch: this.state.epoch + 1 }, this.#now);
  }

  distrust(version: number, now: number): void {
    this.memory.guard.begin(version, this.state.states.values(), now);
    this.passed(now);
  }

  passed(now: number): void {
    this.#with({}, now);
  }

  /** Rolls up, and returns the changes since the last call. */
  turn(now: number): readonly StatusChange[] {
    this.#rollUp(now);
    return this.#changes.splice(0);
  }

  innerStatusOf(key: string, date: string) {
    return innerStatus(innerMemory(this.memory, key)!, date);
  }

  outerStatusOf(name: string, date: string) {
    return outerStatus(this.memory.outers.get(name)!.object, date);
  }

  /** Records a status as a write does. */
  wrote(key: string, written: WrittenStatus): void {
    innerMemory(this.memory, key)!.written = written;
  }

  nodeFacts(name: string): NodeFacts | undefined {
    return this.state.nodes.get(name);
  }

  outerFacts(name: string): OuterFacts | undefined {
    return this.state.outers.get(name);
  }

  innerFacts(key: string): InnerFacts | undefined {
    return this.state.inners.get(key);
  }

  #with(changed: Partial<ClusterState>, now: number): void {
    this.state = { ...this.state, ...changed };
    this.#now = now;
    if (this.#isListed) this.#rollUp(now);
  }

  #rollUp(now: number): void {
    const changed = (change: StatusChange) => this.#changes.push(change);
    runToEnd(rollUpCluster(this.state, this.memory, { now, changed, removed: () => {} }));
  }
}

function put<T>(items: ReadonlyMap<string, T>, key: string, item: T): ReadonlyMap<string, T> {
  return new Map(items).set(key, item);
}

function without<T>(items: ReadonlyMap<string, T>, key: string): ReadonlyMap<string, T> {
  return new Map([...items].filter(([other]) => other !== key));
}

/** Keeps the earlier `notReadySince`, as the controller's reader of Nodes and Pods does. */
function withEarliest<T extends NodeFacts | PodFacts>(facts: T, before: T | undefined): T {
  const [now, then] = [facts.notReadySince, before?.notReadySince];
  return now === undefined || then === undefined || then >= now ? facts : { ...facts, notReadySince: then };
}
