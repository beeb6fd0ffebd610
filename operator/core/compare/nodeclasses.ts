import type { NodeSelector } from '../../api/metadata.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * The labels that selectors see, once for all nodes that have the same ones: 5,000 nodes are a handful of classes, and a
 * decision for one node of a class is right for all.
 */
export function nodeClasses(
  nodes: readonly Labels[],
  selectors: readonly (NodeSelector | undefined)[],
): readonly Labels[] {
  const keys = [...new Set(selectors.flatMap(keysOf))].sort();
  const classes = new Map<string, Labels>();
  for (const labels of nodes) {
    const seen = keys.filter(key => Object.hasOwn(labels, key)).map(key => [key, labels[key]!] as const);
    classes.set(JSON.stringify(seen), Object.fromEntries(seen));
  }
  return [...classes.values()];
}

function keysOf(selector: NodeSelector | undefined): readonly string[] {
  if (selector === undefined) return [];
  return [...Object.keys(selector.matchLabels), ...selector.matchExpressions.map(({ key }) => key)];
}
