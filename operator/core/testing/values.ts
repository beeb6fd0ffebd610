import * as fc from 'fast-check';
import { isKernelOwned } from '../types/kernelfield.ts';
import { hasFields } from '../types/path.ts';
import { shownMembers } from '../types/struct.ts';
import type { Field, StructType, Type } from '../types/type.ts';

/** Values in the spelling that decode gives back. */
export function valueFor(type: Type): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'integer':
      return integerOf({ bits: type.size * 8, signed: type.signed });
    case 'bool':
      return fc.boolean();
    case 'text':
      return textOf(type.size);
    case 'bytes':
      return fc.uint8Array({ minLength: type.size, maxLength: type.size }).map(hexOf);
    case 'enum':
      return fc.constantFrom(...type.enumerators.map(({ name }) => name));
    case 'mac':
      return fc.uint8Array({ minLength: 6, maxLength: 6 }).map(bytes => hexOf(bytes).match(/../g)!.join(':'));
    case 'ipv4':
      return fc.ipV4();
    case 'ipv6':
      return fc.constantFrom(
        '::',
        '::1',
        '2001:db8::1',
        '::ffff:10.0.0.1',
        'fe80::1:0:0:2',
        '1:2:3:4:5:6:7:8',
      );
    case 'cidr4':
      return fc.constantFrom('0.0.0.0/0', '10.0.0.0/8', '10.1.0.0/16', '10.1.0.7/32', '10.1.0.7/24!');
    case 'cidr6':
      return fc.constantFrom('::/0', '2001:db8::/32', '::1/128', 'fe80::/10', 'fe80::1/10!');
    case 'array':
      return fc.array(valueFor(type.element), { minLength: type.length, maxLength: type.length });
    case 'bits': {
      const { base, width } = type;
      return base.kind === 'bool' ? fc.boolean() : integerOf({ bits: width, signed: base.signed });
    }
    case 'kernel':
      throw new Error(`A ${type.name} has no value`);
    case 'struct':
    case 'union':
      return fc.record(
        Object.fromEntries(shownFields(type).map(field => [field.name, valueFor(field.type)])),
      );
  }
}

/** Anything at all that a manifest could hold in the place of a value. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.anything({ withBigInt: true }),
  fc.jsonValue(),
  fc.string(),
  fc.constantFrom(
    '',
    '0x',
    '-',
    '1.2.3',
    '::',
    '/',
    '10.0.0.0/',
    'raw:',
    'raw:zz',
    'a=',
    '=',
    'a=1,',
    '[0]=1',
    '"',
  ),
);

/** What a value names where the type is shown as it prefers to be. */
function shownFields(type: StructType): readonly Field[] {
  const fields = type.kind === 'union' ? shownMembers(type).slice(0, 1) : type.fields;
  return fields.flatMap(field => {
    if (isKernelOwned(field.type)) return [];
    if (field.name !== '') return [field];
    return hasFields(field.type) ? shownFields(field.type) : [];
  });
}

function integerOf(type: { bits: number; signed: boolean }): fc.Arbitrary<unknown> {
  const span = 2n ** BigInt(type.bits);
  const range = type.signed ? { min: -span / 2n, max: span / 2n - 1n } : { min: 0n, max: span - 1n };
  return fc.bigInt(range).map(big => (Number.isSafeInteger(Number(big)) ? Number(big) : String(big)));
}

/** Printable text that fits. */
function textOf(size: number): fc.Arbitrary<string> {
  const character = fc.constantFrom(...'abcXYZ019 .,="-_/\\äß€字😀');
  return fc
    .array(character, { maxLength: size })
    .map(characters => characters.join(''))
    .filter(text => new TextEncoder().encode(text).length <= size);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('');
}
