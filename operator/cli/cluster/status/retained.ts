import { compareText } from '../../../core/desired/seniority.ts';
import type { Scope } from './failures.ts';
import type { NodeOverview } from './rows.ts';

/** An outer map that nobody declares, and the nodes whose kernel still holds it. */
export interface RetainedLine {
  readonly outerMap: string;
  /** On all of the nodes together. */
  readonly innerMaps: number;
  readonly nodes: readonly string[];
}

export function retainedLines(nodes: readonly NodeOverview[], scope: Scope): readonly RetainedLine[] {
  const lines = new Map<string, { outerMap: string; innerMaps: number; nodes: string[] }>();
  for (const { name: node, state } of nodes)
    for (const { name, innerMaps } of state.retained ?? []) {
      if (scope.outerMap !== undefined && name !== scope.outerMap) continue;
      const line = lines.get(name) ?? { outerMap: name, innerMaps: 0, nodes: [] };
      lines.set(name, line);
      line.innerMaps += innerMaps;
      line.nodes.push(node);
    }
  return [...lines.values()].sort((a, b) => compareText(a.outerMap, b.outerMap));
}
