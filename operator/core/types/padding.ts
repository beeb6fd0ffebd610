import { isKernelOwned, kernelFieldsOf } from './kernelfield.ts';
import { hasFields } from './path.ts';
import type { Field, StructType, Type } from './type.ts';

const masks = new WeakMap<Type, Uint8Array>();

/** 1 for each bit that a field has, 0 for padding and for what is the kernel's; undefined where there is neither. */
export function fieldMask(type: Type): Uint8Array | undefined {
  if (!isPadded(type)) return undefined;
  const known = masks.get(type);
  if (known !== undefined) return known;
  const mask = new Uint8Array(type.size);
  markFields(type, mask, 0);
  masks.set(type, mask);
  return mask;
}

/** Whether a bit of padding is not zero. Declared bytes have none. */
export function hasDirtyPadding(type: Type, bytes: Uint8Array, at: number): boolean {
  const mask = fieldMask(type);
  return mask?.some((byte, index) => (bytes[at + index]! & ~byte) !== 0) === true;
}

/** 0 for the bytes that are the kernel's, 0xff for the others; undefined where it has none. */
export function kernelMask(type: Type): Uint8Array | undefined {
  if (kernelFieldsOf(type).length === 0) return undefined;
  const mask = new Uint8Array(type.size).fill(0xff);
  clearKernelFields(type, mask, 0);
  return mask;
}

/** Zeroes the bytes that are the kernel's. */
export function clearKernelFields(type: Type, bytes: Uint8Array, at: number): void {
  if (type.kind === 'kernel') bytes.fill(0, at, at + type.size);
  else if (hasFields(type))
    for (const field of type.fields) clearKernelFields(field.type, bytes, at + field.offset);
  else if (type.kind === 'array')
    for (let index = 0; index < type.length; index += 1)
      clearKernelFields(type.element, bytes, at + index * type.element.size);
}

function isPadded(type: Type): boolean {
  if (type.kind === 'array') return isPadded(type.element);
  if (type.kind === 'kernel') return true;
  if (type.kind === 'bits') return type.width < type.size * 8;
  if (type.kind === 'union')
    return ownFields(type).every(field => field.type.size < type.size || isPadded(field.type));
  if (type.kind !== 'struct') return false;
  const fields = ownFields(type);
  const used = fields.reduce((sum, field) => sum + field.type.size, 0);
  return used < type.size || fields.some(field => isPadded(field.type));
}

/** Bits without a name are padding. */
function ownFields({ fields }: StructType): readonly Field[] {
  return fields.filter(({ name, type }) => name !== '' || type.kind !== 'bits');
}

function markFields(type: Type, mask: Uint8Array, at: number): void {
  if (!isPadded(type)) mask.fill(0xff, at, at + type.size);
  else if (hasFields(type))
    for (const field of ownFields(type)) markFields(field.type, mask, at + field.offset);
  else if (type.kind === 'array' && !isKernelOwned(type))
    for (let index = 0; index < type.length; index += 1)
      markFields(type.element, mask, at + index * type.element.size);
  else if (type.kind === 'bits')
    for (let bit = type.shift; bit < type.shift + type.width; bit += 1)
      mask[at + (bit >> 3)]! |= 1 << (bit & 7);
}
