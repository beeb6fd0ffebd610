import type { OuterLayout } from '../../core/layout/outer.ts';
import { recordedLayout } from '../../core/layout/recorded.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Type } from '../../core/types/type.ts';
import type { Ledger } from '../../ledger/ledger.ts';

/** The layout that a record's declarations give; undefined where it holds none, or none that can be read. */
export function declaredLayout({ name, record }: Ledger): OuterLayout | undefined {
  return record === undefined ? undefined : recordedLayout(name, record);
}

/** The declared type of the outer map's keys; undefined where none is declared, or one of another size. */
export function declaredKeyType(ledger: Ledger, outer: MapSpec): Type | undefined {
  const type = declaredLayout(ledger)?.outerKey;
  return type?.size === outer.keySize ? type : undefined;
}

/** Whether keys and values of these maps can be read by a layout. */
export function sameSizes({ outer, template }: OuterLayout, mapOuter: MapSpec, mapInner: MapSpec): boolean {
  return (
    outer.keySize === mapOuter.keySize &&
    template.type === mapInner.type &&
    template.keySize === mapInner.keySize &&
    template.valueSize === mapInner.valueSize
  );
}

/** Where no declarations are known: keys and values as the bytes that they are. */
export function undeclaredLayout(outer: MapSpec, inner: MapSpec): OuterLayout {
  return {
    outer,
    outerKey: bytesType(outer.keySize),
    template: inner,
    mostEntries: inner.maxEntries,
    ...(inner.keySize === 0 ? {} : { innerKey: bytesType(inner.keySize) }),
    ...(inner.valueSize === 0 ? {} : { innerValue: bytesType(inner.valueSize) }),
    digest: '',
  };
}

export function bytesType(size: number): Type {
  return { kind: 'bytes', size, alignment: 1 };
}
