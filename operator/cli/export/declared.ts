import type { OuterMap, OuterMapSpec } from '../../api/outermap.ts';
import type { OuterLayout } from '../../core/layout/outer.ts';
import { outerLayout } from '../../core/layout/outer.ts';
import type { LedgerRecord } from '../../core/ledgerrecord.ts';
import type { MapSpec } from '../../core/mapspec.ts';
import type { Type } from '../../core/types/type.ts';

type Declarations = Pick<OuterMapSpec, 'type' | 'maxEntries' | 'key' | 'flags' | 'inner'>;

/** The layout that a record's declarations give; undefined where it holds none, or none that can be read. */
export function declaredLayout(name: string, record: LedgerRecord | undefined): OuterLayout | undefined {
  if (record?.declared === undefined) return undefined;
  const layout = outerLayout(outerMapOf(name, record.declared));
  return layout.ok ? layout.value : undefined;
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

/** An OuterMap that only lends its declarations. */
export function outerMapOf(name: string, declared: Declarations): OuterMap {
  const rules = { provision: 'Adopt', undeclaredKeys: 'Keep', deletionPolicy: 'Retain', access: [] } as const;
  return {
    kind: 'OuterMap',
    metadata: { name, labels: {}, annotations: {} },
    spec: { ...declared, ...rules, pinMode: 0o600, maxRemoval: { percent: 50 } },
  };
}

/** Where no declarations are known: keys and values as the bytes that they are. */
export function undeclaredLayout(outer: MapSpec, inner: MapSpec): OuterLayout {
  return {
    outer,
    outerKey: bytesType(outer.keySize),
    template: inner,
    ...(inner.keySize === 0 ? {} : { innerKey: bytesType(inner.keySize) }),
    ...(inner.valueSize === 0 ? {} : { innerValue: bytesType(inner.valueSize) }),
    digest: '',
  };
}

export function bytesType(size: number): Type {
  return { kind: 'bytes', size, alignment: 1 };
}

/** `Hash 4→16`: a template in short. */
export function templateText(spec: MapSpec): string {
  return `${spec.type} ${spec.keySize}→${spec.valueSize}`;
}
