import type { NodeSelector } from '../../../api/metadata.ts';
import { selectorText } from './nodelabels.ts';
import type { NodeSet } from './nodeset.ts';
import type { OuterProgress } from './progress.ts';
import { WatermarkIndex } from './watermarkindex.ts';

/** The OuterMap's nodes that one selector selects. */
export interface NodeGroup {
  readonly progress: OuterProgress;
  readonly members: Uint32Array;
  readonly index: WatermarkIndex;
  /** Since the last turn the selector gained a node that existed before. */
  readonly grew: boolean;
}

/** The group of each selector, created on first use. `before` holds the groups of the last turn for reuse. */
export class NodeGroups {
  readonly progress: OuterProgress;
  readonly #before: ReadonlyMap<string, NodeGroup>;
  readonly #groups = new Map<string, NodeGroup>();
  #made = 0;

  constructor(progress: OuterProgress, before: NodeGroups | undefined) {
    this.progress = progress;
    this.#before = before === undefined ? new Map() : before.#groups;
  }

  /** Number of groups whose nodes had to be sorted. */
  get made(): number {
    return this.#made;
  }

  of(selector: NodeSelector | undefined): NodeGroup {
    const text = selectorText(selector);
    let group = this.#groups.get(text);
    if (group === undefined) {
      group = this.#groupOf(selector, this.#before.get(text));
      this.#groups.set(text, group);
    }
    return group;
  }

  #groupOf(selector: NodeSelector | undefined, before: NodeGroup | undefined): NodeGroup {
    const { progress } = this;
    if (before?.progress === progress) return before.grew ? { ...before, grew: false } : before;
    this.#made++;
    const members = membersOf(progress, selector, before);
    const { byRank, nodes } = progress;
    const nameOf = (rank: number) => nodes.all[rank]!.facts.name;
    const index = new WatermarkIndex(members, byRank, nameOf);
    const grew = before !== undefined && hasGrown(before, members, progress.nodes);
    return { progress, members, index, grew };
  }
}

function membersOf(
  progress: OuterProgress,
  selector: NodeSelector | undefined,
  before: NodeGroup | undefined,
): Uint32Array {
  if (selector === undefined) return progress.ranks;
  const { labels } = progress.nodes;
  const isSame = before?.progress.nodes.labels === labels && before.progress.ranks === progress.ranks;
  if (isSame) return before.members;
  return labels.selected(selector).filter(rank => progress.byRank[rank] !== undefined);
}

function hasGrown(before: NodeGroup, members: Uint32Array, { all }: NodeSet): boolean {
  if (before.members === members) return false;
  const { labels } = before.progress.nodes;
  const previousUids = new Set(Array.from(before.members, rank => labels.nodes[rank]!.uid));
  return members.some(rank => {
    const { facts, hasAgent } = all[rank]!;
    return hasAgent && labels.has(facts.uid) && !previousUids.has(facts.uid);
  });
}
