import type { Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { fieldLocation } from '../types/path.ts';
import type { Type } from '../types/type.ts';

/** 0xff for the bytes that the manifests declare, 0 for those that the program owns; undefined where it owns none. */
export function valueMask(
  inner: Template,
  value: Type | undefined,
  problems: Problem[],
): Uint8Array | undefined {
  if (inner.programOwned.length === 0 || (value === undefined && inner.value !== undefined)) return undefined;
  const mask = new Uint8Array(value?.size ?? 0).fill(0xff);
  for (const [index, text] of inner.programOwned.entries()) {
    const place = value === undefined ? undefined : fieldLocation(value, text);
    const problem =
      text === ''
        ? 'Path is empty'
        : place === undefined
          ? `Type ${inner.type} declares no value`
          : messageOf(place);
    if (problem !== undefined)
      problems.push({
        path: ['spec', 'inner', 'programOwned', index],
        message: `${problem}: name a field of value`,
      });
    else if (place?.ok === true) mask.fill(0, place.offset, place.offset + place.type.size);
  }
  return mask;
}

function messageOf(place: ReturnType<typeof fieldLocation>): string | undefined {
  return place.ok ? undefined : place.message;
}
