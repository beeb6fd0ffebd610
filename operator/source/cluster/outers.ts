import type { OuterMap } from '../../api/outermap.ts';
import { parseOuterMap } from '../../api/parse/manifest.ts';
import { problemsText } from '../../api/problem.ts';
import type { KubeObject } from '../../kube/client.ts';

/** An OuterMap as far as it can be read. */
export interface OuterReading {
  /** What is unreadable now is what it was before; absent where it never was anything. */
  readonly outerMap?: OuterMap;
  /** Why the object, which the schema let pass, cannot be read. */
  readonly problem?: string;
  readonly uid: string | undefined;
  readonly mark: string;
}

/**
 * OuterMaps as they arrive. A status write is no change: whoever compares by reference sees the same reading. An annotation
 * of ours is one, for it may release a removal.
 */
export class OuterMapReader {
  #known: (name: string) => OuterReading | undefined;

  /** `known` answers the last reading of a name, as long as there is such an object. */
  constructor(known: (name: string) => OuterReading | undefined) {
    this.#known = known;
  }

  read(object: KubeObject): OuterReading {
    const known = this.#known(object.metadata.name);
    const parsed = parseOuterMap(object);
    const { uid } = object.metadata;
    if (parsed.ok) {
      const { generation, annotations } = parsed.value.metadata;
      const mark = JSON.stringify([uid, generation, annotations]);
      return known?.mark === mark ? known : { outerMap: parsed.value, uid, mark };
    }
    const problem = problemsText(parsed.problems);
    const mark = JSON.stringify([uid, problem]);
    if (known?.mark === mark) return known;
    const before = known?.uid === uid ? known?.outerMap : undefined;
    return { ...(before === undefined ? {} : { outerMap: before }), problem, uid, mark };
  }
}
