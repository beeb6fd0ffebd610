import type { KubeObject } from './client.ts';

interface ObjectCondition {
  readonly type?: string;
  readonly status?: string;
  readonly lastTransitionTime?: string | null;
}

/**
 * For how many milliseconds the Ready condition of a Node or Pod has not been True at `date`, in milliseconds since
 * 1970; nothing while it is True. An object without the condition has not been Ready since it was created.
 */
export function notReadyFor(object: KubeObject, date: number): number | undefined {
  const status = object['status'] as { readonly conditions?: readonly ObjectCondition[] | null } | undefined;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  const since = Date.parse(ready?.lastTransitionTime ?? object.metadata.creationTimestamp ?? '');
  return Number.isNaN(since) ? 0 : Math.max(0, date - since);
}
