import { objectText } from '../../api/metadata.ts';
import type { Reason } from '../../api/reason.ts';
import { claimOf, compileOuterMap } from '../desired/compile.ts';
import { desiredState, type Rejection } from '../desired/desired.ts';
import type { Wanted } from '../wanted.ts';
import { nodeClasses } from './nodeclasses.ts';

/** A rejection of an object by agents, with the object's name. */
export interface NamedRejection {
  /** `InnerMap team-a/web` */
  readonly object: string;
  readonly reason: Reason;
  readonly message: string;
}

type Labels = Readonly<Record<string, string>>;

/** Every object that agents would reject on nodes with these labels, by the functions that agents decide with. */
export function rejectionsOn(wanted: Wanted, nodes: readonly Labels[]): readonly NamedRejection[] {
  const objects = [...wanted.outerMaps, ...wanted.innerMaps.map(({ innerMap }) => innerMap)];
  const classes = nodeClasses(
    nodes,
    objects.map(({ spec }) => spec.nodeSelector),
  );
  const onNodes = classes.flatMap(labels => desiredState(wanted, { name: '', labels }).rejections);
  const verdicts = new Map<string, NamedRejection>();
  for (const { object, reason, message } of [...onNodes, ...ownRejections(wanted)]) {
    const name = objectText(object);
    // Contents that wait for a layout are not rejected: they are encoded when the layout is known
    if (reason !== 'Pending' && !verdicts.has(name)) verdicts.set(name, { object: name, reason, message });
  }
  return [...verdicts.values()];
}

/** Rejections that no node is needed for: maybe none matches the selector yet. */
function* ownRejections({ outerMaps, innerMaps }: Wanted): Iterable<Rejection> {
  const compilations = new Map(
    outerMaps.map(outerMap => [outerMap.metadata.name, compileOuterMap(outerMap)]),
  );
  for (const inner of innerMaps) {
    const compiled = compilations.get(inner.innerMap.spec.outerMap);
    if (compiled === undefined || typeof compiled === 'string') continue;
    const claim = claimOf(inner, compiled);
    if (claim.kind !== 'desired')
      yield { object: inner.innerMap, reason: claim.reason, message: claim.message };
  }
}
