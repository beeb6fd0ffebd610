import type { DesiredOuter } from '../../desired/desired.ts';
import { isBounded, specDifference } from '../../layout/difference.ts';
import { recordedDifference } from '../../layout/recorded.ts';
import { type MapSpec, mapSpecText, sameShape } from '../../mapspec.ts';
import type { ObservedOuterMap } from '../../observed.ts';

/** How the map that is there differs from the declared one; undefined where it can be the declared one. */
export function layoutMismatch(
  desired: DesiredOuter,
  found: ObservedOuterMap,
  spec: MapSpec,
): string | undefined {
  const { outer } = desired.layout;
  const isSame = sameShape(outer, spec) && outer.maxEntries === spec.maxEntries;
  return isSame
    ? (templateDiffers(desired, found) ?? declaredBefore(desired, found))
    : specsText('outer map', spec, outer);
}

/** The field that differs, and both layouts. */
function specsText(what: string, found: MapSpec, declared: MapSpec): string {
  const { field, before, now } = specDifference(found, declared)!;
  return `${what} is ${mapSpecText(found)}, declared is ${mapSpecText(declared)}: ${field} is ${before} and not ${now}`;
}

function templateDiffers({ layout }: DesiredOuter, found: ObservedOuterMap): string | undefined {
  const { template, accepts } = found;
  if (template !== undefined && !sameTemplate(layout.template, template)) {
    return specsText('template', template, layout.template);
  }
  return accepts === false
    ? `inner maps of the declared layout (${mapSpecText(layout.template)}) do not fit its template`
    : undefined;
}

/** Sizes may be equal where types are not, so the declarations that the map was made from are compared too. */
function declaredBefore(
  { layout, outerMap }: DesiredOuter,
  { record }: ObservedOuterMap,
): string | undefined {
  return record?.provision === 'Create'
    ? recordedDifference(outerMap.metadata.name, record, layout)
    : undefined;
}

function sameTemplate(a: MapSpec, b: MapSpec): boolean {
  return sameShape(a, b) && (!isBounded(a) || a.maxEntries === b.maxEntries);
}
