import { labelsHash } from '../../core/report/nodereport.ts';
import type { NodeFacts, PodFacts } from '../../core/status/facts.ts';
import { type KubeObject, objectKey } from '../../kube/client.ts';
import type { Clock } from '../../timing/clock.ts';
import { notReadySince } from './ready.ts';

const NO_LABELS: Readonly<Record<string, string>> = Object.freeze({});

/** Heartbeats come often: labels that are the same are the same object, and are not hashed again. */
export function nodeFacts(object: KubeObject, known: NodeFacts | undefined, clock: Clock): NodeFacts {
  const { name, uid = '', labels = NO_LABELS } = object.metadata;
  const info = (object['status'] as { readonly nodeInfo?: { readonly bootID?: string } } | undefined)
    ?.nodeInfo;
  const same = known !== undefined && sameLabels(known.labels, labels);
  const since = notReadySince(object, clock);
  return {
    name,
    uid,
    bootID: info?.bootID ?? '',
    labels: same ? known.labels : labels,
    labelsHash: same ? known.labelsHash : labelsHash(labels),
    ...(since === undefined ? {} : { notReadySince: since }),
  };
}

/** A Pod that is not on a node yet is on none: its node's name is empty. */
export function podFacts(object: KubeObject, clock: Clock): PodFacts {
  const spec = object['spec'] as { readonly nodeName?: string } | undefined;
  const since = notReadySince(object, clock);
  return {
    key: objectKey(object.metadata),
    node: spec?.nodeName ?? '',
    ...(since === undefined ? {} : { notReadySince: since }),
  };
}

function sameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every(name => a[name] === b[name]);
}
