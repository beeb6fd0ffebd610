import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const API = 'innermap.io/v1alpha1';
/** An agent that finds the tables' rows in a thread of its own, as reading them here would take too long. */
export const MANY_FILES = 120;
const ROWS = 400;

/** One outer map and so many files of an InnerMap each. */
export function writeManyFiles(folder: string): void {
  const inner = { type: 'Hash', maxEntries: ROWS, key: 'u32', value: 'u32' };
  const spec = {
    type: 'ArrayOfMaps',
    maxEntries: MANY_FILES,
    key: 'u32',
    inner,
    access: [{ namespaces: ['*'] }],
  };
  write(folder, 'outer', { kind: 'OuterMap', metadata: { name: 'many' }, spec: { ...spec, pin: 'many' } });
  const table = ['key,value', ...Array.from({ length: ROWS }, (_, row) => `${row},${row}`)].join('\n');
  for (let key = 0; key < MANY_FILES; key++) {
    const metadata = { name: `inner-${key}`, namespace: 'default' };
    write(folder, metadata.name, { kind: 'InnerMap', metadata, spec: { outerMap: 'many', key, table } });
  }
}

function write(folder: string, name: string, object: object): void {
  writeFileSync(join(folder, `${name}.yaml`), JSON.stringify({ apiVersion: API, ...object }));
}
