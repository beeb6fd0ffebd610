import { objectKey } from '../../api/metadata.ts';
import { labelsHash } from '../../core/report/nodereport.ts';
import type { NodeFacts, PodFacts } from '../../core/status/facts.ts';
import type { KubeObject } from '../../kube/client.ts';
import { notReadyFor } from '../../kube/readiness.ts';
import type { Clock } from '../../timing/clock.ts';

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

/** Facts of a Node. It returns `previous` if nothing but the heartbeat changed, which is the common case. */
export function nodeFacts(object: KubeObject, previous: NodeFacts | undefined, clock: Clock): NodeFacts {
  const { name, uid = '', labels = NO_LABELS } = object.metadata;
  const info = (object['status'] as { readonly nodeInfo?: { readonly bootID?: string } } | undefined)
    ?.nodeInfo;
  const areSame = previous !== undefined && sameFields(previous.labels, labels);
  const same = previous?.uid === uid ? previous : undefined;
  return unlessSame(previous, {
    name,
    uid,
    bootID: info?.bootID ?? '',
    labels: areSame ? previous.labels : labels,
    labelsHash: areSame ? previous.labelsHash : labelsHash(labels),
    notReadySince: earliest(notReadySince(object, clock), same?.notReadySince),
  });
}

/** Facts of an agent's Pod. `node` is empty until the Pod is scheduled. */
export function podFacts(object: KubeObject, previous: PodFacts | undefined, clock: Clock): PodFacts {
  const spec = object['spec'] as { readonly nodeName?: string } | undefined;
  return unlessSame(previous, {
    key: objectKey(object.metadata),
    node: spec?.nodeName ?? '',
    notReadySince: earliest(notReadySince(object, clock), previous?.notReadySince),
  });
}

/** Since when the object has not been Ready, in milliseconds of `clock`. Only the age of the written time is used. */
export function notReadySince(object: KubeObject, clock: Clock): number | undefined {
  const age = notReadyFor(object, clock.date().getTime());
  return age === undefined ? undefined : clock.now() - age;
}

/** The earlier of two times: the writer's clock may be ahead, and then our first observation counts. */
function earliest(since: number | undefined, previous: number | undefined): number | undefined {
  return since === undefined ? undefined : Math.min(since, previous ?? since);
}

function unlessSame<T extends object>(previous: T | undefined, facts: T): T {
  return previous !== undefined && sameFields(previous, facts) ? previous : facts;
}

function sameFields<T extends object>(a: T, b: T): boolean {
  const names = Object.keys(a) as (keyof T)[];
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}
