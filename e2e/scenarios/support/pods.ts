import type { Kubectl } from '../../cluster/plane/kubectl.ts';

/** Which pods: of a namespace and label, and where given with fields such as `spec.nodeName=worker-1`. */
export interface Chosen {
  readonly namespace: string;
  readonly label: string;
  readonly fields?: string;
}

/** A pod as far as tests look at it. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status: {
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly ready: boolean }[];
  };
}

export async function podsOf(
  kubectl: Kubectl,
  { namespace, label, fields }: Chosen,
): Promise<readonly Pod[]> {
  const words = ['get', 'pods', '-n', namespace, '-l', label, '-o', 'json'];
  const out = await kubectl.must(fields === undefined ? words : [...words, '--field-selector', fields]);
  return (JSON.parse(out) as { readonly items: readonly Pod[] }).items;
}
