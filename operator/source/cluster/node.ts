import type { ClusterNode } from '../../core/wanted.ts';
import type { KubeObject } from '../../kube/client.ts';

/** A Node is written every few minutes or seconds; what concerns an agent of it hardly ever changes: the same object then. */
export class NodeReader {
  #last: { readonly mark: string; readonly node: ClusterNode } | undefined;

  read({ metadata }: KubeObject): ClusterNode {
    const { uid = '', labels = {} } = metadata;
    const mark = JSON.stringify([uid, Object.entries(labels).toSorted()]);
    if (this.#last?.mark !== mark) this.#last = { mark, node: { uid, labels } };
    return this.#last.node;
  }
}
