import type { NodeSelector } from '../../api/metadata.ts';
import type { Wanted } from '../wanted.ts';

type Labels = Readonly<Record<string, string>>;

/** More than the CRD takes are not listed: then every label of the node counts. */
const MOST_LABELS = 64;

/**
 * The labels that an agent's decisions depend on, as far as the objects that it knows name them: `zone=a`, or `!zone` where
 * the node has none. The list says which labels were looked at, so that a reader that knows other selectors takes it for
 * no more and no less: an InnerMap with another selector is younger than the watermark. Undefined if there are too many.
 */
export function selectorLabels(
  outerMaps: Wanted['outerMaps'],
  selectors: Iterable<NodeSelector>,
  labels: Labels,
): readonly string[] | undefined {
  const keys = new Set<string>();
  for (const { spec } of outerMaps) addKeys(keys, spec.nodeSelector);
  for (const selector of selectors) addKeys(keys, selector);
  if (keys.size > MOST_LABELS) return undefined;
  return [...keys].map(key => labelText(key, labels)).sort();
}

/** Whether the node still has, and still lacks, the labels of such a list. */
export function stillHold(decidedWith: readonly string[], labels: Labels): boolean {
  return decidedWith.every(text => labelText(keyOf(text), labels) === text);
}

function addKeys(keys: Set<string>, selector: NodeSelector | undefined): void {
  if (selector === undefined) return;
  for (const key of Object.keys(selector.matchLabels)) keys.add(key);
  for (const { key } of selector.matchExpressions) keys.add(key);
}

/** No name of a label begins with `!` or has a `=`. */
function labelText(key: string, labels: Labels): string {
  return Object.hasOwn(labels, key) ? `${key}=${labels[key]}` : `!${key}`;
}

function keyOf(text: string): string {
  return text.startsWith('!') ? text.slice(1) : text.slice(0, text.indexOf('='));
}
