import type { NodeSelector } from '../../api/metadata.ts';

type Labels = Readonly<Record<string, string>>;

/** Nodes that no selector tells apart. */
export interface NodeClass {
  /** Only the labels that selectors speak of. */
  readonly labels: Labels;
  readonly nodes: number;
}

/** 5,000 nodes are a handful of classes: what is decided for one node of a class is decided for all. */
export function nodeClasses(
  nodes: readonly Labels[],
  selectors: readonly (NodeSelector | undefined)[],
): readonly NodeClass[] {
  const keys = [...new Set(selectors.flatMap(keysOf))].sort();
  const classes = new Map<string, { readonly labels: Labels; nodes: number }>();
  for (const labels of nodes) {
    const seen = keys.filter(key => Object.hasOwn(labels, key)).map(key => [key, labels[key]!] as const);
    const id = JSON.stringify(seen);
    const known = classes.get(id);
    if (known === undefined) classes.set(id, { labels: Object.fromEntries(seen), nodes: 1 });
    else known.nodes++;
  }
  return [...classes.values()];
}

function keysOf(selector: NodeSelector | undefined): readonly string[] {
  if (selector === undefined) return [];
  return [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map(({ key }) => key)];
}
