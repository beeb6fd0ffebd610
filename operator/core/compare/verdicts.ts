import type { InnerMap } from '../../api/innermap.ts';
import { objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import type { Reason } from '../../api/reason.ts';
import { claimOf, compileOuterMap } from '../desired/compile.ts';
import { desiredState } from '../desired/desired.ts';
import type { Wanted } from '../wanted.ts';
import { nodeClasses } from './nodeclasses.ts';

/** What agents would refuse of an object. */
export interface NamedRejection {
  /** `InnerMap team-a/web` */
  readonly object: string;
  readonly reason: Reason;
  readonly message: string;
}

type Labels = Readonly<Record<string, string>>;

/** Contents that wait for a layout are no refusal: they are encoded by the layout of their own time. */
const PASSING: readonly Reason[] = ['Pending'];

/** Every object that agents would refuse, on nodes with these labels; by the functions that agents decide with. */
export function rejectionsOn(wanted: Wanted, nodes: readonly Labels[]): readonly NamedRejection[] {
  const selectors = [...wanted.outerMaps, ...wanted.innerMaps.map(({ innerMap }) => innerMap)].map(
    ({ spec }) => spec.nodeSelector,
  );
  const verdicts = new Map<string, NamedRejection>();
  const add = (object: InnerMap | OuterMap, reason: Reason, message: string): void => {
    const name = objectText(object);
    if (!PASSING.includes(reason) && !verdicts.has(name))
      verdicts.set(name, { object: name, reason, message });
  };
  for (const { labels } of nodeClasses(nodes, selectors))
    for (const { object, reason, message } of desiredState(wanted, { name: '', labels }).rejections)
      add(object, reason, message);
  for (const { object, reason, message } of ownRejections(wanted)) add(object, reason, message);
  return [...verdicts.values()];
}

/** What is wrong with an object whatever nodes there are: none may match its selector yet. */
function* ownRejections({ outerMaps, innerMaps }: Wanted) {
  const grounds = new Map(outerMaps.map(outerMap => [outerMap.metadata.name, compileOuterMap(outerMap)]));
  for (const inner of innerMaps) {
    const ground = grounds.get(inner.innerMap.spec.outerMap);
    if (ground === undefined || typeof ground === 'string') continue;
    const claim = claimOf(inner, ground);
    if (claim.kind !== 'claim')
      yield { object: inner.innerMap, reason: claim.reason, message: claim.message };
  }
}
