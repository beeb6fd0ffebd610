import type { NodeSelector } from '../../../api/metadata.ts';
import { selects } from '../../../api/selector.ts';
import { canonicalText } from '../../canonical.ts';
import type { NodeFacts } from '../facts.ts';

/** The nodes' labels: which nodes a selector chooses, as ranks, which are places in the order of names. */
export class NodeLabels {
  /** By name. */
  readonly nodes: readonly NodeFacts[];
  readonly #all: Uint32Array;
  readonly #chosen = new Map<string, Uint32Array>();
  #uids: ReadonlySet<string> | undefined;
  #byLabel: ReadonlyMap<string, readonly number[]> | undefined;

  constructor(nodes: readonly NodeFacts[]) {
    this.nodes = nodes;
    this.#all = Uint32Array.from(nodes.keys());
  }

  has(uid: string): boolean {
    this.#uids ??= new Set(this.nodes.map(node => node.uid));
    return this.#uids.has(uid);
  }

  /** Ascending; the same array again for selectors that say the same. */
  selected(selector: NodeSelector | undefined): Uint32Array {
    if (selector === undefined) return this.#all;
    const text = selectorText(selector);
    let chosen = this.#chosen.get(text);
    if (chosen === undefined) {
      const candidates = this.#rarest(selector);
      chosen = candidates.filter(rank => selects(selector, this.nodes[rank]!.labels));
      this.#chosen.set(text, chosen);
    }
    return chosen;
  }

  /** Whether two selectors choose one node. Selectors that say the same meet, nodes or no nodes. */
  meet(a: NodeSelector | undefined, b: NodeSelector | undefined): boolean {
    if (selectorText(a) === selectorText(b)) return true;
    const chosen = new Set(this.selected(a));
    return this.selected(b).some(rank => chosen.has(rank));
  }

  /** The nodes with the rarest label that is asked for. */
  #rarest({ matchLabels }: NodeSelector): Uint32Array {
    let few: readonly number[] | undefined;
    for (const [label, value] of Object.entries(matchLabels)) {
      this.#byLabel ??= ranksByLabel(this.nodes);
      const labelled = this.#byLabel.get(`${label}=${value}`) ?? [];
      if (few === undefined || labelled.length < few.length) few = labelled;
    }
    return few === undefined ? this.#all : Uint32Array.from(few);
  }
}

const texts = new WeakMap<NodeSelector, string>();

/** Selectors are immutable: each is written out once. */
export function selectorText(selector: NodeSelector | undefined): string {
  if (selector === undefined) return '';
  let text = texts.get(selector);
  if (text === undefined) {
    text = canonicalText(selector);
    texts.set(selector, text);
  }
  return text;
}

function ranksByLabel(nodes: readonly NodeFacts[]): ReadonlyMap<string, readonly number[]> {
  const ranks = new Map<string, number[]>();
  for (const [rank, { labels }] of nodes.entries())
    for (const [label, value] of Object.entries(labels)) {
      const text = `${label}=${value}`;
      const labelled = ranks.get(text);
      if (labelled === undefined) ranks.set(text, [rank]);
      else labelled.push(rank);
    }
  return ranks;
}
