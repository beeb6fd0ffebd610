import type { KubeObject } from '../../kube/client.ts';
import type { Clock } from '../../timing/clock.ts';

interface ObjectCondition {
  readonly type?: string;
  readonly status?: string;
  readonly lastTransitionTime?: string | null;
}

/**
 * Since when the object's Ready condition has not been True, by our own clock: of the time that others wrote only its
 * age counts. One without the condition has not been since it was made.
 */
export function notReadySince(object: KubeObject, clock: Clock): number | undefined {
  const status = object['status'] as { readonly conditions?: readonly ObjectCondition[] | null } | undefined;
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return undefined;
  const since = Date.parse(ready?.lastTransitionTime ?? object.metadata.creationTimestamp ?? '');
  const age = Number.isNaN(since) ? 0 : clock.date().getTime() - since;
  return clock.now() - Math.max(0, age);
}
