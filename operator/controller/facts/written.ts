import { versionOf } from '../../api/resourceversion.ts';
import type { Condition, InnerMapStatus, OuterMapStatus } from '../../api/status.ts';
import { canonicalText } from '../../core/canonical.ts';
import {
  type InnerFacts,
  type OuterFacts,
  UNWRITTEN,
  type WrittenCondition,
  type WrittenStatus,
} from '../../core/status/facts.ts';
import type { KubeObject } from '../../kube/client.ts';

type Status = Partial<InnerMapStatus & OuterMapStatus>;

/** The status of an object, kept as text: as an object it would take ten times the memory. */
export function writtenIn({ metadata, ['status']: found }: KubeObject): WrittenStatus {
  const version = versionOf(metadata.resourceVersion) || 0;
  if (typeof found !== 'object' || found === null) return { ...UNWRITTEN, version };
  const status = found as Status;
  const { observedGeneration, specResourceVersion, innerMapsDigest, deletionResourceVersion } = status;
  return {
    version,
    text: canonicalText(status),
    ...{ observedGeneration, specResourceVersion, innerMapsDigest, deletionResourceVersion },
    accepted: conditionIn(status.conditions, 'Accepted'),
    ready: conditionIn(status.conditions, 'Ready'),
  };
}

/** The facts with the object's status; the same facts if it is of the same version. */
export function withStatusOf<T extends InnerFacts | OuterFacts>(object: KubeObject, facts: T): T {
  const { resourceVersion = '' } = object.metadata;
  if (facts.resourceVersion === resourceVersion) return facts;
  return { ...facts, resourceVersion, written: writtenIn(object) };
}

function conditionIn(
  conditions: readonly Condition[] | undefined,
  type: Condition['type'],
): WrittenCondition | undefined {
  const found = Array.isArray(conditions) ? conditions.find(each => each.type === type) : undefined;
  return found === undefined ? undefined : { status: found.status, reason: found.reason };
}
