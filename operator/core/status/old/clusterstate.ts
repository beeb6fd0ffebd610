import { versionOf } from '../../../api/resourceversion.ts';
import { every, type Steps } from '../../steps.ts';
import type { InnerFacts, NodeFacts, OuterFacts, PodFacts, StateFacts } from '../facts.ts';
import { type Meeting, meetingOn } from './accepted.ts';
import { evaluateInner, evaluateOuter, judgeOuter, type Told } from './evaluate.ts';
import { isTroubled } from './failing.ts';
import {
  deletionAt,
  deletionAtStart,
  delist,
  enlist,
  latest,
  newInner,
  newOuter,
  reclaim,
  setGround,
  takeWritten,
} from './inners.ts';
import type { InnerRecord, NodeRecord, OuterRecord } from './memory.ts';
import { isSameNode, Nodes } from './nodes.ts';
import { CROWD_PIECES, hear, isAwaited, lookAround } from './progress.ts';
import { RestoreGuard } from './restore.ts';

/**
 * Everything that statuses are made of, indexed so that one node's report costs little. It is told what is there, in
 * any order, and answers the same; time is told, too.
 */
export class World {
  readonly nodes = new Nodes();
  readonly outers = new Map<string, OuterRecord>();
  readonly inners = new Map<string, InnerRecord>();
  readonly meet: Meeting = meetingOn(this.nodes);
  readonly #distrust = new RestoreGuard();
  readonly #dirtyOuters = new Set<OuterRecord>();
  /** Of these the status of the OuterMap alone. */
  readonly #dirtySums = new Set<OuterRecord>();
  readonly #dirtyInners = new Set<InnerRecord>();
  /** As of which InnerMaps were listed; absent: not yet, so that nothing is known of deletions. */
  #listed: string | undefined;

  get isDirty(): boolean {
    return this.#dirtyOuters.size + this.#dirtySums.size + this.#dirtyInners.size > 0;
  }

  /** An OuterMap says that it is ready, and something of it was deleted: whoever deleted asks the next moment. */
  get isPressing(): boolean {
    return [...this.#dirtySums].some(({ deleted, written }) => deleted && written.ready?.status === 'True');
  }

  /** Nothing but watermarks has advanced, where nobody is behind. */
  get isCalm(): boolean {
    if (this.#dirtySums.size + this.#dirtyInners.size > 0) return false;
    return ![...this.#dirtyOuters].some(isAwaited);
  }

  putNode(facts: NodeFacts, now: number): void {
    const before = this.nodes.get(facts.name);
    const [known, wasSilent] = [before?.facts, before?.isSilent];
    const record = this.nodes.putNode(facts, now);
    if (!isSameNode(known, facts) || wasSilent !== record.isSilent) this.#allStale();
  }

  removeNode(name: string): void {
    const record = this.nodes.removeNode(name);
    if (record === undefined) return;
    for (const outer of this.outers.values()) outer.absentSince.delete(record);
    this.#allStale();
  }

  putPod(facts: PodFacts, now: number): void {
    this.#lookAt(this.nodes.get(facts.node), () => this.nodes.putPod(facts, now));
  }

  removePod(facts: PodFacts, now: number): void {
    this.#lookAt(this.nodes.get(facts.node), () => this.nodes.removePod(facts, now));
  }

  putState(facts: StateFacts): void {
    const before = this.nodes.get(facts.name)?.state?.outers;
    this.#tell(this.nodes.putState(facts), before, facts.outers);
  }

  removeState(name: string): void {
    const before = this.nodes.get(name)?.state?.outers;
    const record = this.nodes.removeState(name);
    if (record !== undefined) this.#tell(record, before, undefined);
  }

  putOuter(facts: OuterFacts, now: number): void {
    const outer = this.#outer(facts.name);
    const before = outer.facts;
    outer.facts = facts;
    if (before?.uid === facts.uid && before.generation === facts.generation) {
      takeWritten(outer, facts.written);
      if (outer.touched) this.#dirtySums.add(outer);
      return;
    }
    outer.written = latest(facts.written, before?.uid === facts.uid ? outer.written : undefined);
    outer.touched = true;
    outer.fresh = true;
    setGround(outer, facts);
    for (const inner of outer.inners.values()) reclaim(inner);
    if (before?.uid !== facts.uid) this.#settleDeletion(outer, now);
    this.#stale(outer);
    this.#samePin(before, facts);
  }

  removeOuter(name: string): void {
    const outer = this.outers.get(name);
    if (outer?.facts === undefined) return;
    const { facts } = outer;
    delete outer.facts;
    delete outer.compiled;
    delete outer.deletion;
    for (const inner of outer.inners.values()) reclaim(inner);
    this.#stale(outer);
    this.#samePin(facts);
  }

  putInner(facts: InnerFacts, now: number): void {
    const before = this.inners.get(facts.key);
    if (before?.facts.uid === facts.uid && before.facts.generation === facts.generation) {
      const isJudgedAnew = before.facts.wanted !== facts.wanted;
      before.facts = facts;
      takeWritten(before, facts.written);
      if (isJudgedAnew) this.#affect(reclaim(before));
      if (isJudgedAnew || before.touched) this.#dirtyInners.add(before);
      return;
    }
    if (before !== undefined && before.facts.uid !== facts.uid)
      this.removeInner(facts.key, facts.resourceVersion, now);
    else if (before !== undefined) this.#forget(before);
    const inner = newInner(facts, this.#outer(facts.outer), now);
    inner.written = latest(facts.written, before?.facts.uid === facts.uid ? before.written : undefined);
    this.inners.set(facts.key, inner);
    enlist(inner);
    this.#affect(inner.outer.claims.get(inner.claimed ?? '')?.members ?? []);
    this.#dirtyInners.add(inner);
    this.#dirtySums.add(inner.outer);
  }

  /** Gone as of `resourceVersion`: every node's watermark must pass it before its OuterMap is ready again. */
  removeInner(key: string, resourceVersion: string, now: number): void {
    const inner = this.inners.get(key);
    if (inner === undefined) return;
    const { outer } = inner;
    this.#forget(inner);
    const last = versionOf(outer.deletion?.resourceVersion);
    if (!(versionOf(resourceVersion) <= last)) outer.deletion = deletionAt(resourceVersion, now);
    outer.deleted = true;
    this.#dirtySums.add(outer);
  }

  /** All InnerMaps that there are as of `resourceVersion` have been put. */
  listed(resourceVersion: string, now: number): void {
    const isFirst = this.#listed === undefined;
    this.#listed = resourceVersion;
    if (isFirst) for (const outer of this.outers.values()) this.#settleDeletion(outer, now);
  }

  /** The server was restored: what was learned of InnerMaps since is of a future that will not be. */
  forgetInners(): void {
    for (const inner of [...this.inners.values()]) this.#forget(inner);
    for (const outer of this.outers.values()) delete outer.deletion;
    this.#listed = undefined;
  }

  /** The server was restored, and had come to this version when that was noticed: what nodes told before does not count. */
  distrust(version: number, now: number): void {
    const states = [...this.nodes.known()].flatMap(({ state }) => (state === undefined ? [] : [state]));
    this.#distrust.begin(version, states, now);
    this.#allStale();
  }

  isDistrusted(state: StateFacts): boolean {
    return this.#distrust.covers(state);
  }

  /** What time alone has changed. */
  passed(now: number): void {
    const isTrusted = this.#distrust.ends(now);
    if (this.nodes.lookAgain(now).length > 0 || isTrusted) this.#allStale();
    for (const outer of this.outers.values()) if (outer.recheckAt <= now) this.#await(outer);
  }

  /** Looks at what may have changed, and tells of each object that has. May be interrupted by new facts. */
  *fold(now: number, tell: (told: Told) => void): Steps<void> {
    const [outers, inners] = [[...this.#dirtyOuters], [...this.#dirtyInners]];
    const sums = new Set([...this.#dirtySums, ...inners.map(({ outer }) => outer)]);
    for (const dirty of [this.#dirtyOuters, this.#dirtyInners, this.#dirtySums]) dirty.clear();
    // Those first that somebody may be waiting for, and that cost little.
    for (const outer of sums) if (outer.deleted) this.#evaluateOuter(outer, now, tell);
    const due = every();
    for (const inner of inners) {
      if (due()) yield;
      this.#evaluate(inner, now, tell);
    }
    for (const outer of sums) this.#evaluateOuter(outer, now, tell);
    for (const outer of outers) yield* this.#foldOuter(outer, now, tell);
  }

  /** Before a status is made: what must not be overlooked even for a moment. */
  refresh(outer: OuterRecord, now: number): void {
    if (outer.stale) lookAround(outer, this, now);
  }

  *#foldOuter(outer: OuterRecord, now: number, tell: (told: Told) => void): Steps<void> {
    outer.awaited = false;
    lookAround(outer, this, now);
    judgeOuter(outer, this);
    const due = every();
    let made = outer.crowdsMade;
    for (const inner of [...outer.inners.values()]) {
      if (due(1 + (outer.crowdsMade - made) * CROWD_PIECES)) yield;
      made = outer.crowdsMade;
      this.#evaluate(inner, now, tell);
    }
    this.#evaluateOuter(outer, now, tell);
    for (const [text, { look }] of outer.cohorts) if (look < outer.looks - 1) outer.cohorts.delete(text);
    if (outer.facts === undefined && outer.inners.size === 0 && outer.failing.size === 0)
      this.outers.delete(outer.name);
  }

  #evaluate(inner: InnerRecord, now: number, tell: (told: Told) => void): void {
    if (this.inners.get(inner.facts.key) !== inner) return;
    this.refresh(inner.outer, now);
    if (inner.outer.verdict === undefined) judgeOuter(inner.outer, this);
    const told = evaluateInner(inner, this, now);
    if (told !== undefined) tell(told);
  }

  #evaluateOuter(outer: OuterRecord, now: number, tell: (told: Told) => void): void {
    if (this.outers.get(outer.name) !== outer) return;
    this.refresh(outer, now);
    const told = evaluateOuter(outer, this, now);
    if (told !== undefined) tell(told);
  }

  #allStale(): void {
    for (const outer of this.outers.values()) this.#stale(outer);
  }

  #stale(outer: OuterRecord): void {
    outer.stale = true;
    this.#await(outer);
  }

  #await(outer: OuterRecord): void {
    outer.awaited = true;
    this.#dirtyOuters.add(outer);
  }

  #affect(inners: Iterable<InnerRecord>): void {
    for (const inner of inners) this.#dirtyInners.add(inner);
  }

  #forget(inner: InnerRecord): void {
    this.inners.delete(inner.facts.key);
    this.#dirtyInners.delete(inner);
    this.#affect(delist(inner));
  }

  #settleDeletion(outer: OuterRecord, now: number): void {
    if (this.#listed === undefined || outer.facts === undefined) return;
    outer.deletion ??= deletionAtStart(outer, this.#listed, now);
    this.#dirtySums.add(outer);
  }

  /** An OuterMap that comes or goes may take a pin, or leave it to others. */
  #samePin(...all: readonly (OuterFacts | undefined)[]): void {
    const pins = new Set(all.map(facts => facts?.outerMap?.spec.pin).filter(pin => pin !== undefined));
    for (const outer of this.outers.values())
      if (pins.has(outer.facts?.outerMap?.spec.pin ?? '')) this.#stale(outer);
  }

  /** A Pod matters where the node's lot becomes another by it. */
  #lookAt(before: NodeRecord | undefined, change: () => NodeRecord | undefined): void {
    const [hadAgent, wasSilent] = [before?.hasAgent === true, before?.isSilent === true];
    const after = change();
    if (after !== undefined && (after.hasAgent !== hadAgent || after.isSilent !== wasSilent))
      this.#allStale();
  }

  #tell(node: NodeRecord, before?: StateFacts['outers'], after?: StateFacts['outers']): void {
    for (const name of new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])) {
      const entry = after?.get(name);
      const outer = isTroubled(entry) ? this.#outer(name) : this.outers.get(name);
      if (outer === undefined) continue;
      this.#dirtyOuters.add(outer);
      hear(outer, node, { before: before?.get(name), after: entry, view: this });
    }
  }

  #outer(name: string): OuterRecord {
    const outer = this.outers.get(name) ?? newOuter(name);
    this.outers.set(name, outer);
    return outer;
  }
}
