import type { Template } from '../../api/outermap.ts';
import type { Problem } from '../../api/problem.ts';
import { fieldMask, kernelMask } from '../types/padding.ts';
import { type FieldLocation, fieldLocation } from '../types/path.ts';
import type { Type } from '../types/type.ts';

/** 1 for the bits of fields that manifests declare, 0 for padding and for what the program owns; undefined where all count. */
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
  const refuse = (index: number, message: string) =>
    problems.push({ path: ['spec', 'inner', 'programOwned', index], message });
  for (const [index, text] of inner.programOwned.entries()) {
    const place = ownedField(inner, value, text);
    if (typeof place === 'object') disown(mask, place);
    else refuse(index, `${place}: name a field of value`);
  }
  const shared = value === undefined ? -1 : sharedByte(mask, value);
  if (shared >= 0)
    refuse(0, `Byte ${shared} has bit-fields of the program and others: name all that share a byte, or none`);
  return mask.map(byte => (byte === 0xff ? byte : 0));
}

/** Takes the bits of a field out. */
function disown(mask: Uint8Array, { type, offset }: FieldLocation): void {
  const { size, kind } = type;
  const fields = kind === 'bits' ? fieldMask(type) : undefined;
  for (let byte = 0; byte < size; byte += 1) mask[offset + byte]! &= ~(fields?.[byte] ?? 0xff);
}

/** A byte of which the program owns some bits, and manifests declare others; -1 if there is none. */
function sharedByte(mask: Uint8Array, value: Type): number {
  const fields = fieldMask(value);
  return mask.findIndex((byte, at) => byte !== 0xff && (byte & (fields?.[at] ?? 0xff)) !== 0);
}

function ownedField(inner: Template, value: Type | undefined, text: string): FieldLocation | string {
  if (text === '') return 'Path is empty';
  if (value === undefined) return `Type ${inner.type} declares no value`;
  const place = fieldLocation(value, text);
  return place.ok ? place : place.message;
}
