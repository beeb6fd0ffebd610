import type { Condition } from '../../../api/status.ts';
import type { ListedInnerMap, ListedOuterMap } from '../ports.ts';
import type { Row } from './rows.ts';

/** One outer map over all nodes. */
export interface OuterMapLine {
  readonly name: string;
  readonly type: string;
  readonly inner: string;
  /** InnerMaps that the controller accepted; absent where it has not said. */
  readonly innerMaps?: number;
  /** `4998/5000` */
  readonly nodes: string;
  readonly ready: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** An InnerMap that its controller does not call Ready. */
export interface InnerMapLine {
  readonly namespace: string;
  readonly name: string;
  readonly outerMap: string;
  readonly key: string;
  readonly nodes: string;
  readonly reason: string;
  readonly message: string;
}

/** `rows` are those of this outer map; absent where node states may not be read. */
export function outerMapLine(outer: ListedOuterMap, rows: readonly Row[] | undefined): OuterMapLine {
  const { name, type, inner, status } = outer;
  return {
    name,
    type,
    inner,
    ...(status?.innerMaps === undefined ? {} : { innerMaps: status.innerMaps }),
    nodes: rows === undefined ? (status?.nodes?.summary ?? '') : `${count(rows, 'True')}/${rows.length}`,
    ...outerLot(outer, rows ?? []),
  };
}

type Lot = Pick<OuterMapLine, 'ready' | 'reason' | 'message'>;

/** Both must say so: the nodes, and the controller that knows of nodes without an agent. */
function outerLot(outer: ListedOuterMap, rows: readonly Row[]): Lot {
  const told = lotOf(outer.status?.conditions, outer.generation);
  if (told.ready === 'False') return told;
  const bad = rows.find(({ ready }) => ready === 'False') ?? rows.find(({ ready }) => ready === 'Unknown');
  if (bad !== undefined) return { ready: bad.ready, reason: bad.reason, message: '' };
  return told;
}

/** InnerMaps that are not Ready, or of which nobody knows. */
export function innerMapsNotReady(inners: readonly ListedInnerMap[]): readonly InnerMapLine[] {
  return inners.flatMap(({ namespace, name, outerMap, key, generation, status }) => {
    const { ready, reason, message } = lotOf(status?.conditions, generation);
    if (ready === 'True') return [];
    return [{ namespace, name, outerMap, key, nodes: status?.nodes?.summary ?? '', reason, message }];
  });
}

/** What the Ready condition says, if it speaks of this generation. */
function lotOf(conditions: readonly Condition[] = [], generation: number): Lot {
  const found = conditions.find(({ type }) => type === 'Ready');
  if (found === undefined)
    return {
      ready: 'Unknown',
      reason: 'Pending',
      message: 'no status yet, it is the controller that writes it',
    };
  const observed = found.observedGeneration ?? generation;
  if (observed < generation) {
    const message = `its status speaks of generation ${observed}, it is at ${generation}`;
    return { ready: 'Unknown', reason: 'Progressing', message };
  }
  return { ready: found.status, reason: found.reason, message: found.status === 'True' ? '' : found.message };
}

function count(rows: readonly Row[], ready: Row['ready']): number {
  return rows.filter(row => row.ready === ready).length;
}
