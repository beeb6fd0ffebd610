import type { MapSpec } from '../../../core/mapspec.ts';
import type { Host } from '../maps.ts';
import { createMap, createTyped } from '../maps.ts';

/** The template lives only until the outer map has taken its layout. */
export function createOuterMap(
  host: Host,
  { outer, template, name }: { readonly outer: MapSpec; readonly template: MapSpec; readonly name: string },
): number {
  const operation = 'create the template of';
  const innerFd = createTyped(host, { spec: template, name: 'template', operation, label: name });
  try {
    return createMap(host, {
      ...{ spec: outer, name, operation: 'create outer map', label: name, innerFd },
      ...(template.types === undefined ? {} : { templateTypes: template.types }),
    });
  } finally {
    host.library.close(innerFd);
  }
}
