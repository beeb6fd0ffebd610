import type { InnerMapStatus } from '../../../operator/api/status.ts';
import { mustAnswer } from '../../must.ts';

const API = 'innermap.io/v1alpha1';

/** Keys 10.1.0.0/16 for everybody's team-*. */
export function outerMap(spec: object = {}): object {
  return {
    apiVersion: API,
    kind: 'OuterMap',
    metadata: { name: 'tenants' },
    spec: {
      type: 'HashOfMaps',
      maxEntries: 1024,
      key: 'ipv4',
      inner: { type: 'Hash', maxEntries: 64, key: 'u32', value: 'u32' },
      access: [{ namespaces: ['team-*'], keys: ['10.1.0.0/16'] }],
      ...spec,
    },
  };
}

export function innerMap(name: string, spec: object, namespace = 'team-a'): object {
  return {
    apiVersion: API,
    kind: 'InnerMap',
    metadata: { name, namespace },
    spec: { outerMap: 'tenants', key: '10.1.0.7', ...spec },
  };
}

export function tableOf(rows: number): string {
  return ['key,value', ...Array.from({ length: rows }, (_, row) => `${row},1`)].join('\n');
}

export type Status = Pick<InnerMapStatus, 'conditions'> | undefined;

export function statusOf(status: Status, type: string): string | undefined {
  return status?.conditions?.find(condition => condition.type === type)?.status;
}

export function reasonOf(status: Status, type: string): string | undefined {
  return status?.conditions?.find(condition => condition.type === type)?.reason;
}

/** Asks until it is so. */
export function eventually<T>(ask: () => Promise<T>, so: (answer: T) => boolean): Promise<T> {
  return mustAnswer('it is so', ask, { expected: so, seconds: 15 });
}
