import type { OuterMap, OuterMapSpec, Template } from '../../api/outermap.ts';

/** An OuterMap of Hash maps by u32, but for what a test gives. A RingBuf has neither key nor value, a Queue of declared values no key. */
export function outerMapOf({
  inner,
  ...given
}: Partial<Omit<OuterMapSpec, 'inner'>> & { inner?: Partial<Template> }): OuterMap {
  return {
    kind: 'OuterMap',
    metadata: { name: 'tenants', labels: {}, annotations: {} },
    spec: {
      type: 'HashOfMaps',
      maxEntries: 16,
      key: 'u32',
      flags: [],
      pinMode: 0o600,
      provision: 'Create',
      undeclaredKeys: 'Remove',
      maxRemoval: { percent: 50 },
      deletionPolicy: 'Retain',
      access: [{ namespaces: ['*'] }],
      ...given,
      inner: templateOf(inner ?? {}),
    },
  };
}

function templateOf(given: Partial<Template>): Template {
  const type = given.type ?? 'Hash';
  const hasNone = type.endsWith('RingBuf');
  return {
    ...{ type, maxEntries: 64, flags: [], programOwned: [] },
    ...(hasNone || (type === 'Queue' && given.value !== undefined) ? {} : { key: 'u32' }),
    ...(hasNone ? {} : { value: 'u32' }),
    ...given,
  };
}
