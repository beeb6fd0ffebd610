import type { ContentType } from '../../api/outermap.ts';
import type { OuterLayout } from '../layout/outer.ts';
import { parseDeclaration } from '../types/declaration.ts';
import type { Type } from '../types/type.ts';

/** The type that a declaration means; throws where it means none. */
export function typeOf(text: string): Type {
  const declaration = parseDeclaration(text);
  if (!declaration.ok) throw new Error(`${text}: ${declaration.message}`);
  return declaration.type;
}

/** A layout for encoding contents: a HashOfMaps by u32 of inner maps with these keys and values. */
export function layoutOf(key: string, value: string, type: ContentType = 'Hash'): OuterLayout {
  const [innerKey, innerValue] = [typeOf(key), typeOf(value)];
  return {
    outer: { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 },
    outerKey: typeOf('u32'),
    template: { type, keySize: innerKey.size, valueSize: innerValue.size, maxEntries: 1024, flags: 0 },
    mostEntries: 1024,
    innerKey,
    innerValue,
    digest: `${key} ${value} ${type}`,
  };
}
