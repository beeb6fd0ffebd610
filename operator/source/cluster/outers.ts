import type { OuterMap } from '../../api/outermap.ts';
import { parseOuterMap } from '../../api/parse/manifest.ts';
import { problemsText } from '../../api/problem.ts';
import type { KubeObject } from '../../kube/client.ts';

/** An OuterMap as far as it can be read. */
export interface OuterReading {
  /** The last readable version of an object that is unreadable now; absent where there is none. */
  readonly outerMap?: OuterMap;
  /** Why the object, which the schema let pass, cannot be read. */
  readonly problem?: string;
  readonly uid: string | undefined;
  readonly mark: string;
}

/**
 * Reads an OuterMap as it arrives. `known` is the last reading of that name, and the result where nothing but the status
 * changed. An annotation of this operator is a change, for it may release a removal.
 */
export function outerReading(object: KubeObject, known: OuterReading | undefined): OuterReading {
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
