import { present } from '../../api/parse/section.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import { parseDeclaration } from '../../core/types/declaration.ts';
import type { Type } from '../../core/types/type.ts';
import { UsageError } from '../command.ts';
import { scalar } from '../types/declaration.ts';
import { bytesType } from './declared.ts';

/** C declarations of an outer map: its key, and what its inner maps hold. */
export interface Declarations {
  readonly key: string;
  readonly innerKey?: string;
  readonly innerValue?: string;
}

/** `everyByte`: the value's type is the user's own, which has to have its padding right, too. */
export interface ProvenDeclarations extends Declarations {
  readonly everyByte: boolean;
}

/** The types that the user gave; the others are chosen by size. */
export type GivenTypes = { readonly [Part in keyof Declarations]: string | undefined };

/**
 * Declarations as wide as the kernel's keys and values, where the user gave none: integers and bytes by size.
 * The key of an LPM trie is a prefix of addresses where its size is that of one.
 */
export function declarationsFor(outer: MapSpec, template: MapSpec, given: GivenTypes): Declarations {
  const { keySize, valueSize } = template;
  return {
    key: outerKeyFor(outer, given),
    ...present({
      innerKey: checked('inner-key-type', given.innerKey, keySize) ?? innerKeyFor(template),
      innerValue:
        checked('inner-value-type', given.innerValue, valueSize) ??
        (valueSize === 0 ? undefined : scalar(valueSize)),
    }),
  };
}

/** The type that the outer map's keys are read by. */
export function outerKeyType(outer: MapSpec, given: GivenTypes): Type {
  const declaration = parseDeclaration(outerKeyFor(outer, given));
  return declaration.ok ? declaration.type : bytesType(outer.keySize);
}

function outerKeyFor({ keySize }: MapSpec, { key }: GivenTypes): string {
  return checked('key-type', key, keySize) ?? scalar(keySize);
}

function innerKeyFor({ keySize, type }: MapSpec): string | undefined {
  if (keySize === 0) return undefined;
  if (type !== 'LPMTrie') return scalar(keySize);
  if (keySize === 8) return 'cidr4';
  return keySize === 20 ? 'cidr6' : `struct { __u32 prefixlen; u8 data[${keySize - 4}]; }`;
}

/** A declaration that the user gave must be one, and as wide as what the kernel holds. */
function checked(option: string, text: string | undefined, size: number): string | undefined {
  if (text === undefined) return undefined;
  const declaration = parseDeclaration(text);
  if (!declaration.ok) {
    throw new UsageError(
      `Option --${option} cannot be ${text}: at character ${declaration.offset + 1}, ${declaration.message}`,
      'export',
    );
  }
  const declared = declaration.type.size;
  if (declared === size) return text;
  throw new UsageError(
    `Option --${option} cannot be ${text}: it takes ${declared} bytes, the kernel's has ${size}`,
    'export',
  );
}
