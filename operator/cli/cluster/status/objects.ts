import type { Condition } from '../../../api/status.ts';
import type { ListedInnerMap, ListedOuterMap } from '../ports.ts';
import { type Readiness, type Row, readyCondition } from './rows.ts';

/** One outer map over all nodes. */
export interface OuterMapLine extends Readiness {
  readonly name: string;
  readonly type: string;
  readonly inner: string;
  /** InnerMaps that the controller accepted; absent where it has not counted them. */
  readonly innerMaps?: number;
  /** `4998/5000` */
  readonly nodes: string;
}

/** An InnerMap that its controller does not call Ready. */
export interface InnerMapLine extends Omit<Readiness, 'ready'> {
  readonly namespace: string;
  readonly name: string;
  readonly outerMap: string;
  readonly key: string;
  readonly nodes: string;
}

/** `rows` are those of this outer map; absent where node states may not be read. */
export function outerMapLine(outer: ListedOuterMap, rows: readonly Row[] | undefined): OuterMapLine {
  const { name, type, inner, generation, status } = outer;
  const ready = rows?.filter(row => row.ready === 'True').length;
  return {
    ...{ name, type, inner },
    ...(status?.innerMaps === undefined ? {} : { innerMaps: status.innerMaps }),
    nodes: rows === undefined ? (status?.nodes?.summary ?? '') : `${ready}/${rows.length}`,
    ...overall(readinessOf(status?.conditions, generation), rows ?? []),
  };
}

/** Both the nodes and the controller must call it ready: the controller alone knows of nodes without an agent. */
function overall(written: Readiness, rows: readonly Row[]): Readiness {
  if (written.ready === 'False') return written;
  const bad = rows.find(({ ready }) => ready === 'False') ?? rows.find(({ ready }) => ready === 'Unknown');
  return bad === undefined ? written : { ready: bad.ready, reason: bad.reason, message: '' };
}

/** InnerMaps that are not Ready, or of which nothing is known. */
export function innerMapsNotReady(inners: readonly ListedInnerMap[]): readonly InnerMapLine[] {
  return inners.flatMap(({ namespace, name, outerMap, key, generation, status }) => {
    const { ready, reason, message } = readinessOf(status?.conditions, generation);
    if (ready === 'True') return [];
    return [{ namespace, name, outerMap, key, nodes: status?.nodes?.summary ?? '', reason, message }];
  });
}

/** By the Ready condition, if that is about this generation. */
function readinessOf(conditions: readonly Condition[] | undefined, generation: number): Readiness {
  const found = readyCondition(conditions);
  if (found === undefined) {
    const message = 'no status yet, it is the controller that writes it';
    return { ready: 'Unknown', reason: 'Pending', message };
  }
  const { status: ready, reason, observedGeneration = generation } = found;
  if (observedGeneration < generation) {
    const message = `its status speaks of generation ${observedGeneration}, it is at ${generation}`;
    return { ready: 'Unknown', reason: 'Progressing', message };
  }
  return { ready, reason, message: ready === 'True' ? '' : found.message };
}
