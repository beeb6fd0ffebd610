import type { Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { type FieldLocation, fieldLocation } from '../types/path.ts';
import type { Type } from '../types/type.ts';

/** 0xff for the bytes that manifests declare, 0 for those that the program owns; undefined where it owns none. */
export function valueMask(
  inner: Template,
  value: Type | undefined,
  problems: Problem[],
): Uint8Array | undefined {
  if (inner.programOwned.length === 0 || (value === undefined && inner.value !== undefined)) return undefined;
  const mask = new Uint8Array(value?.size ?? 0).fill(0xff);
  for (const [index, text] of inner.programOwned.entries()) {
    const place = ownedField(inner, value, text);
    if (typeof place === 'object') mask.fill(0, place.offset, place.offset + place.type.size);
    else
      problems.push({
        path: ['spec', 'inner', 'programOwned', index],
        message: `${place}: name a field of value`,
      });
  }
  return mask;
}

function ownedField(inner: Template, value: Type | undefined, text: string): FieldLocation | string {
  if (text === '') return 'Path is empty';
  if (value === undefined) return `Type ${inner.type} declares no value`;
  const place = fieldLocation(value, text);
  return place.ok ? place : place.message;
}
