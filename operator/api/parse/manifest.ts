import type { InnerMapManifest } from '../innermap.ts';
import { API_VERSION } from '../metadata.ts';
import type { OuterMap } from '../outermap.ts';
import type { Parsed } from '../problem.ts';
import { INNER_MAP_SPEC } from './innermap.ts';
import { INNER_METADATA, OUTER_METADATA } from './metadata.ts';
import { OUTER_MAP_SPEC } from './outermap.ts';
import { below, type FieldReader, parsed, refuse, shown, type ValueReader } from './reader.ts';
import { oneOf } from './scalars.ts';
import { isObject, required, type Section, sectionOf } from './section.ts';

/** An object that an author may declare. */
export type Manifest =
  | { readonly kind: 'OuterMap'; readonly outerMap: OuterMap }
  | { readonly kind: 'InnerMap'; readonly manifest: InnerMapManifest };

/** An object of either kind, every default filled in, or all its problems. Never throws. */
export function parseManifest(value: unknown): Parsed<Manifest> {
  return parsed(value, (object, place) => {
    const kind = readKind(object, place);
    const outerMap = kind === 'OuterMap' ? readOuterMap(object, place) : undefined;
    if (outerMap !== undefined) return { kind: 'OuterMap', outerMap };
    const manifest = kind === 'InnerMap' ? readInnerMap(object, place) : undefined;
    return manifest && { kind: 'InnerMap', manifest };
  });
}

export function parseOuterMap(value: unknown): Parsed<OuterMap> {
  return parsed(value, readOuterMap);
}

export function parseInnerMap(value: unknown): Parsed<InnerMapManifest> {
  return parsed(value, readInnerMap);
}

function readKind(object: unknown, place: FieldReader): 'OuterMap' | 'InnerMap' | undefined {
  if (!isObject(object)) return refuse(place, `Must be an OuterMap or an InnerMap, not ${shown(object)}`);
  if (object['kind'] === 'NodeMapState') {
    return refuse(
      below(place, 'kind'),
      'Must be OuterMap or InnerMap: a NodeMapState is written by the agent of its node alone',
    );
  }
  const section: Section = { fields: object, place };
  const kind = required(section, 'kind', oneOf(['OuterMap', 'InnerMap']));
  if (kind === undefined) required(section, 'apiVersion', VERSION);
  return kind;
}

const ROOT_FIELDS = ['apiVersion', 'kind', 'metadata', 'spec'];

function readOuterMap(value: unknown, place: FieldReader): OuterMap | undefined {
  const section = rootOf(value, place, 'OuterMap');
  if (section === undefined) return undefined;
  const metadata = required(section, 'metadata', OUTER_METADATA);
  const spec = required(section, 'spec', OUTER_MAP_SPEC);
  return metadata === undefined || spec === undefined ? undefined : { kind: 'OuterMap', metadata, spec };
}

function readInnerMap(value: unknown, place: FieldReader): InnerMapManifest | undefined {
  const section = rootOf(value, place, 'InnerMap');
  if (section === undefined) return undefined;
  const metadata = required(section, 'metadata', INNER_METADATA);
  const read = required(section, 'spec', INNER_MAP_SPEC);
  if (metadata === undefined || read === undefined) return undefined;
  return { innerMap: { kind: 'InnerMap', metadata, spec: read.spec }, content: read.content };
}

const VERSION: ValueReader<string> = oneOf([API_VERSION]);

/** An object out of a cluster carries a `status`, which is ignored. A message about the known fields does not offer it. */
function rootOf(value: unknown, place: FieldReader, kind: string): Section | undefined {
  const known = isObject(value) && 'status' in value ? [...ROOT_FIELDS, 'status'] : ROOT_FIELDS;
  const section = sectionOf(value, place, known);
  if (section === undefined) return undefined;
  required(section, 'apiVersion', VERSION);
  required(section, 'kind', oneOf([kind]));
  return section;
}
