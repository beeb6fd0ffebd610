import type { NodeSelector } from '../../../api/metadata.ts';
import { selects } from '../../../api/selector.ts';
import { canonicalText } from '../../canonical.ts';
import type { NodeFacts } from '../facts.ts';

/** An index of the nodes' labels. Nodes are given as ranks: positions in the order of names. */
export class NodeLabels {
  /** Sorted by name. */
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

  /** Ranks of the selected nodes, ascending. Equal selectors get the same array. */
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

  /** Whether a node is selected by both. Equal selectors overlap even if they select no node. */
  overlap(a: NodeSelector | undefined, b: NodeSelector | undefined): boolean {
    if (selectorText(a) === selectorText(b)) return true;
    const chosen = new Set(this.selected(a));
    return this.selected(b).some(rank => chosen.has(rank));
  }

  /** Ranks of the nodes with the selector's rarest label, which are fewest to check. */
  #rarest({ matchLabels }: NodeSelector): Uint32Array {
    let fewest: readonly number[] | undefined;
    for (const [label, value] of Object.entries(matchLabels)) {
      this.#byLabel ??= ranksByLabel(this.nodes);
      const labelled = this.#byLabel.get(`${label}=${value}`) ?? [];
      if (fewest === undefined || labelled.length < fewest.length) fewest = labelled;
    }
    return fewest === undefined ? this.#all : Uint32Array.from(fewest);
  }
}

const texts = new WeakMap<NodeSelector, string>();

/** Canonical text of a selector. Selectors are immutable, so each text is made once. */
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
