import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For tests: an OuterMap as its author writes it. */
export function outerMap(name = 'tenants', value = 'u32'): string {
  return `apiVersion: innermap.io/v1alpha1
kind: OuterMap
metadata: {name: ${name}}
spec:
  type: HashOfMaps
  maxEntries: 64
  key: u32
  inner: {type: Hash, maxEntries: 100000, key: u32, value: ${value}}
  access:
  - namespaces: ["*"]
`;
}

/** For tests: an InnerMap with entries 0 to `entries` - 1, or with lines of its own. */
export function innerMap(name: string, entries: number | string = 1, outer = 'tenants'): string {
  return `apiVersion: innermap.io/v1alpha1
kind: InnerMap
metadata: {name: ${name}, namespace: a}
spec:
  outerMap: ${outer}
  key: ${[...name].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 7) % 1000}
${typeof entries === 'string' ? entries : listOf(entries)}`;
}

function listOf(count: number): string {
  const lines = Array.from({ length: count }, (_, index) => `  - key: ${index}\n    value: ${index + 1}\n`);
  return count === 0 ? '  entries: []\n' : `  entries:\n${lines.join('')}`;
}

/** For tests: a folder of its own, with files by their names. */
export function newFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'innermap-folder-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** For tests: a folder as the kubelet mounts a ConfigMap; answers the folder and how to swap its contents. */
export function configMap(files: Readonly<Record<string, string>>): {
  folder: string;
  swap(files: Readonly<Record<string, string>>): void;
} {
  const folder = newFolder();
  let version = 0;
  const fill = (contents: Readonly<Record<string, string>>) => {
    const data = `..version_${++version}`;
    mkdirSync(join(folder, data));
    for (const [name, text] of Object.entries(contents)) writeFileSync(join(folder, data, name), text);
    return data;
  };
  const first = fill(files);
  symlinkSync(first, join(folder, '..data'));
  for (const name of Object.keys(files)) symlinkSync(join('..data', name), join(folder, name));
  let current = first;
  return {
    folder,
    swap(contents) {
      const next = fill(contents);
      symlinkSync(next, join(folder, '..data_tmp'));
      renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
      rmSync(join(folder, current), { recursive: true });
      current = next;
    },
  };
}
