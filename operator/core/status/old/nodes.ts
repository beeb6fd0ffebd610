import type { NodeSelector } from '../../../api/metadata.ts';
import { selects } from '../../../api/selector.ts';
import { compareText } from '../../desired/desired.ts';
import type { NodeFacts, PodFacts, StateFacts } from '../facts.ts';
import type { NodeRecord } from './memory.ts';

/** A Node or Pod that is not Ready for so long is silent; less is a restart. */
const SILENT_AFTER = 60_000;
/** A node whose agent's Pod is gone may get the next one: so long it still counts as having an agent. */
const POD_GRACE = 60_000;

/** Nodes with their agents and states, whichever of them comes first. */
export class Nodes {
  readonly #records = new Map<string, NodeRecord>();
  readonly #byLabel = new Map<string, Set<NodeRecord>>();
  #sorted: readonly NodeRecord[] | undefined;
  #version = 0;

  /** Another one: other nodes, or other labels. */
  get version(): number {
    return this.#version;
  }

  get(name: string): NodeRecord | undefined {
    return this.#records.get(name);
  }

  /** Those too whose Node has not come yet, or is gone. */
  known(): Iterable<NodeRecord> {
    return this.#records.values();
  }

  /** Whose Node is there, by name. */
  get all(): readonly NodeRecord[] {
    this.#sorted ??= [...this.#records.values()]
      .filter(({ facts }) => facts !== undefined)
      .sort((a, b) => compareText(a.name, b.name));
    return this.#sorted;
  }

  /** By name. The rarest label that is asked for says where to look. */
  selected(selector: NodeSelector | undefined): readonly NodeRecord[] {
    if (selector === undefined) return this.all;
    let few: ReadonlySet<NodeRecord> | undefined;
    for (const [label, value] of Object.entries(selector.matchLabels)) {
      const labelled = this.#byLabel.get(`${label}=${value}`);
      if (labelled === undefined) return [];
      if (few === undefined || labelled.size < few.size) few = labelled;
    }
    // To sort a few costs less than to look at all; to look at all less than to sort most.
    const isRare = few !== undefined && few.size * 8 < this.all.length;
    const among = isRare ? [...few!].sort((a, b) => compareText(a.name, b.name)) : this.all;
    return among.filter(({ facts }) => facts !== undefined && selects(selector, facts.labels));
  }

  putNode(facts: NodeFacts, now: number): NodeRecord {
    const record = this.#record(facts.name);
    const before = record.facts;
    if (before?.uid !== facts.uid || before.labelsHash !== facts.labelsHash) {
      this.#unlabel(record);
      for (const [label, value] of Object.entries(facts.labels)) this.#label(`${label}=${value}`, record);
      this.#changed();
      if (before?.uid !== facts.uid) record.bornAt = this.#version;
    }
    record.facts = withEarliest(facts, before?.uid === facts.uid ? before : undefined);
    look(record, now);
    return record;
  }

  removeNode(name: string): NodeRecord | undefined {
    const record = this.#records.get(name);
    if (record?.facts === undefined) return undefined;
    this.#unlabel(record);
    delete record.facts;
    this.#changed();
    this.#drop(record);
    return record;
  }

  putPod(facts: PodFacts, now: number): NodeRecord {
    const record = this.#record(facts.node);
    record.pods.set(facts.key, withEarliest(facts, record.pods.get(facts.key)));
    delete record.podGoneAt;
    look(record, now);
    return record;
  }

  removePod({ key, node }: PodFacts, now: number): NodeRecord | undefined {
    const record = this.#records.get(node);
    if (record?.pods.delete(key) !== true) return undefined;
    if (record.pods.size === 0) record.podGoneAt = now;
    look(record, now);
    this.#drop(record);
    return record;
  }

  putState(facts: StateFacts): NodeRecord {
    const record = this.#record(facts.name);
    record.state = facts;
    return record;
  }

  removeState(name: string): NodeRecord | undefined {
    const record = this.#records.get(name);
    if (record?.state === undefined) return undefined;
    delete record.state;
    this.#drop(record);
    return record;
  }

  /** The nodes that have become silent, or lost their agent, by time alone. */
  lookAgain(now: number): readonly NodeRecord[] {
    return this.all.filter(record => look(record, now));
  }

  #record(name: string): NodeRecord {
    let record = this.#records.get(name);
    if (record === undefined) {
      record = { name, bornAt: 0, pods: new Map(), hasAgent: false, isSilent: false };
      this.#records.set(name, record);
    }
    return record;
  }

  #drop({ name, facts, pods, state }: NodeRecord): void {
    if (facts === undefined && pods.size === 0 && state === undefined) this.#records.delete(name);
  }

  #label(label: string, record: NodeRecord): void {
    const labelled = this.#byLabel.get(label);
    if (labelled === undefined) this.#byLabel.set(label, new Set([record]));
    else labelled.add(record);
  }

  #unlabel(record: NodeRecord): void {
    for (const [name, value] of Object.entries(record.facts?.labels ?? {})) {
      const label = `${name}=${value}`;
      const labelled = this.#byLabel.get(label);
      labelled?.delete(record);
      if (labelled?.size === 0) this.#byLabel.delete(label);
    }
  }

  #changed(): void {
    this.#sorted = undefined;
    this.#version++;
  }
}

/** Whether what was decided for the one holds for the other. */
export function isSameNode(a: NodeFacts | undefined, b: NodeFacts): boolean {
  return a?.uid === b.uid && a.bootID === b.bootID && a.labelsHash === b.labelsHash;
}

/** Clocks of others may be ahead: since when we have seen it counts, where that is longer ago. */
function withEarliest<T extends NodeFacts | PodFacts>(facts: T, before: T | undefined): T {
  const [now, then] = [facts.notReadySince, before?.notReadySince];
  return now === undefined || then === undefined || then >= now ? facts : { ...facts, notReadySince: then };
}

/** Whether the node has become another than at the last look. */
function look(record: NodeRecord, now: number): boolean {
  const hasAgent =
    record.pods.size > 0 || (record.podGoneAt !== undefined && now - record.podGoneAt < POD_GRACE);
  const isSilent = isLong(record.facts?.notReadySince, now) || isLong(agentNotReadySince(record), now);
  const changed = hasAgent !== record.hasAgent || isSilent !== record.isSilent;
  record.hasAgent = hasAgent;
  record.isSilent = isSilent;
  return changed;
}

/** Of several Pods on a node, during an update, the one that does best counts. */
function agentNotReadySince({ pods }: NodeRecord): number | undefined {
  let since: number | undefined;
  for (const { notReadySince } of pods.values()) {
    if (notReadySince === undefined) return undefined;
    since = Math.max(since ?? notReadySince, notReadySince);
  }
  return since;
}

function isLong(since: number | undefined, now: number): boolean {
  return since !== undefined && now - since >= SILENT_AFTER;
}
