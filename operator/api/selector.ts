import type { NodeSelector, SelectorExpression } from './metadata.ts';

type Labels = Readonly<Record<string, string>>;

/** Whether every requirement of the selector holds for these labels of a node, by the rules of Kubernetes. */
export function selects(selector: NodeSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return true;
  for (const [key, value] of Object.entries(selector.matchLabels)) {
    if (labelOf(labels, key) !== value) return false;
  }
  return selector.matchExpressions.every(expression => holds(expression, labels));
}

/** NotIn holds for a node that lacks the label, as in Kubernetes. */
function holds(expression: SelectorExpression, labels: Labels): boolean {
  const value = labelOf(labels, expression.key);
  switch (expression.operator) {
    case 'In':
      return value !== undefined && expression.values.includes(value);
    case 'NotIn':
      return value === undefined || !expression.values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
  }
}

/** A label named `constructor` is no label of a node that does not carry it. */
function labelOf(labels: Labels, key: string): string | undefined {
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
