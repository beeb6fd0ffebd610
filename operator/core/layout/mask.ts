import type { Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { fieldMask, kernelMask } from '../types/padding.ts';
import { type FieldLocation, fieldLocation } from '../types/path.ts';
import type { Type } from '../types/type.ts';

/** 0xff for the bytes of fields that manifests declare, 0 for padding and for what the program owns; undefined where all count. */
export function valueMask(value: Type | undefined, owned: Uint8Array | undefined): Uint8Array | undefined {
  const fields = value === undefined ? undefined : fieldMask(value);
  if (fields === undefined || owned === undefined) return fields ?? owned;
  return fields.map((byte, at) => byte & owned[at]!);
}

/** 0 for the bytes that the program or the kernel owns, 0xff for the others; undefined where there are none. */
export function ownedMask(
  inner: Template,
  value: Type | undefined,
  problems: Problem[],
): Uint8Array | undefined {
  const ofKernel = value === undefined ? undefined : kernelMask(value);
  if (inner.programOwned.length === 0 || (value === undefined && inner.value !== undefined)) return ofKernel;
  const mask = ofKernel ?? new Uint8Array(value?.size ?? 0).fill(0xff);
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
