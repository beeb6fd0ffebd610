import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { OUTER_NAME, type Shape } from './declared.ts';

/** One file holds as many InnerMaps: a folder of 10,000 files would measure the file system. */
const MAPS_A_FILE = 100;

const HEAD = 'apiVersion: innermap.io/v1alpha1\n';

/** A folder that declares one outer map and its inner maps, u32 → u32, as tables. */
export function writeFolder(directory: string, shape: Shape): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, '0-outer.yaml'), outerText(shape));
  for (let from = 0; from < shape.maps; from += MAPS_A_FILE) {
    const count = Math.min(MAPS_A_FILE, shape.maps - from);
    const texts = Array.from({ length: count }, (_, at) => {
      const key = from + at;
      return innerText(key, tableText(shape.entries, key * shape.entries));
    });
    writeFileSync(join(directory, `maps-${from}.yaml`), texts.join('---\n'));
  }
}

/** Replaces a file as editors do: a reader sees the old one or the new one. */
export function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

export function outerText({ maps, entries }: Shape): string {
  return `${HEAD}kind: OuterMap
metadata: {name: ${OUTER_NAME}}
spec:
  type: HashOfMaps
  maxEntries: ${maps}
  key: u32
  inner: {type: Hash, maxEntries: ${entries}, key: u32, value: u32}
  pin: ${OUTER_NAME}
  maxRemoval: 100%
  access: [{namespaces: ["*"]}]
`;
}

export function innerText(key: number, content: string): string {
  return `${HEAD}kind: InnerMap
metadata: {name: map-${key}, namespace: default}
spec:
  outerMap: ${OUTER_NAME}
  key: ${key}
${content}`;
}

/** `first`: the first entry's value. Inner maps of equal contents would be one map in the kernel. */
export function tableText(entries: number, first: number): string {
  const rows = Array.from({ length: entries }, (_, at) => `    ${at},${at + first}\n`);
  return `  table: |\n    key,value\n${rows.join('')}`;
}

export function listText(entries: number, first: number): string {
  const rows = Array.from({ length: entries }, (_, at) => `  - key: ${at}\n    value: ${at + first}\n`);
  return `  entries:\n${rows.join('')}`;
}
