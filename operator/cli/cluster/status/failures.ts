import { objectText } from '../../../api/metadata.ts';
import type { Reason } from '../../../api/reason.ts';
import { compareText } from '../../../core/desired/seniority.ts';
import type { FactsRequest } from '../ports.ts';
import type { NodeOverview } from './rows.ts';

/** A failure of one object, and every node where it is the same. */
export interface FailureGroup {
  /** `InnerMap team-a/web` */
  readonly object: string;
  readonly reason: Reason;
  readonly message: string;
  readonly nodes: readonly string[];
}

/** A removal that is held until it is released. */
export interface HeldRemovalLine {
  readonly outerMap: string;
  readonly token: string;
  /** On each of the nodes. */
  readonly keys: number;
  readonly nodes: readonly string[];
}

/** The outer map and the namespace that the user named, if any. */
export type Scope = Pick<FactsRequest, 'outerMap' | 'namespace'>;

/** The failures that nodes report, the most common first. */
export function failuresOf(nodes: readonly NodeOverview[], scope: Scope): readonly FailureGroup[] {
  const groups = new Map<string, FailureGroup & { readonly nodes: string[] }>();
  for (const { name: node, state } of nodes)
    for (const failure of state.failures) {
      const { kind, namespace, outerMap, reason, message } = failure;
      if (scope.outerMap !== undefined && outerMap !== scope.outerMap) continue;
      if (scope.namespace !== undefined && namespace !== undefined && namespace !== scope.namespace) continue;
      const object = objectText({ kind, metadata: failure });
      const id = JSON.stringify([object, reason, message]);
      const group = groups.get(id);
      if (group === undefined) groups.set(id, { object, reason, message, nodes: [node] });
      else group.nodes.push(node);
    }
  return [...groups.values()].sort(
    (a, b) =>
      b.nodes.length - a.nodes.length || compareText(a.object, b.object) || compareText(a.message, b.message),
  );
}

/** Failures that the states count and have no room to list. */
export function unlistedFailures(nodes: readonly NodeOverview[], { outerMap }: Scope): number {
  let count = 0;
  for (const { state } of nodes)
    for (const outer of state.outerMaps) {
      if (outerMap !== undefined && outer.name !== outerMap) continue;
      const listed = state.failures.filter(failure => failure.outerMap === outer.name).length;
      count += Math.max(0, outer.failuresTotal - listed);
    }
  return count;
}

/** Held removals; nodes that would remove the same have the same token. */
export function heldRemovals(nodes: readonly NodeOverview[], scope: Scope): readonly HeldRemovalLine[] {
  const groups = new Map<string, HeldRemovalLine & { readonly nodes: string[] }>();
  for (const { name: node, state } of nodes)
    for (const { name, heldRemoval } of state.outerMaps) {
      if (heldRemoval === undefined || (scope.outerMap ?? name) !== name) continue;
      const id = `${name} ${heldRemoval.token}`;
      const group = groups.get(id);
      if (group === undefined) groups.set(id, { outerMap: name, ...heldRemoval, nodes: [node] });
      else group.nodes.push(node);
    }
  return [...groups.values()].sort(
    (a, b) => compareText(a.outerMap, b.outerMap) || compareText(a.token, b.token),
  );
}
