import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface GenerateOptions {
  /** InnerMaps, one a file; the OuterMap has a file of its own. */
  readonly files: number;
  /** In all files together. */
  readonly entries: number;
  /** Entries of the first file; the others share the rest evenly. Default: evenly from the first on. */
  readonly largest?: number;
  readonly type?: 'LPMTrie' | 'Hash';
  /** How entries are written; `both`: lists and tables by turns. */
  readonly shape?: 'list' | 'table' | 'both';
  /** Name of the OuterMap, and of its pin. */
  readonly outerMap?: string;
}

export interface Generated {
  readonly outerMap: string;
  readonly files: number;
  readonly entries: number;
  readonly bytes: number;
}

/** Writes a folder of manifests: one HashOfMaps, and an inner map in each further file. The same options write the same bytes. */
export function generateManifests(directory: string, options: GenerateOptions): Generated {
  mkdirSync(directory, { recursive: true });
  const { outerMap = 'bench', type = 'LPMTrie', shape = 'both' } = options;
  const counts = entryCounts(options);
  let bytes = writeManifest(directory, '000-outer.yaml', outerManifest(outerMap, type, counts));
  counts.forEach((count, index) => {
    const isList = shape === 'list' || (shape === 'both' && index % 2 === 0);
    const contents = isList ? listOf(type, { count, map: index }) : tableOf(type, { count, map: index });
    const name = `map-${String(index).padStart(5, '0')}`;
    bytes += writeManifest(directory, `${name}.yaml`, `${innerHead(outerMap, name, index)}${contents}`);
  });
  return {
    outerMap,
    files: counts.length + 1,
    entries: counts.reduce((sum, count) => sum + count, 0),
    bytes,
  };
}

function entryCounts({ files, entries, largest }: GenerateOptions): readonly number[] {
  const first = largest ?? Math.ceil(entries / files);
  const rest = files > 1 ? Math.floor((entries - first) / (files - 1)) : 0;
  const surplus = files > 1 ? entries - first - rest * (files - 1) : 0;
  return Array.from({ length: files }, (_, index) =>
    index === 0 ? first : rest + (index <= surplus ? 1 : 0),
  );
}

function outerManifest(name: string, type: 'LPMTrie' | 'Hash', counts: readonly number[]): string {
  const key = type === 'LPMTrie' ? 'cidr4' : 'u32';
  const flags = type === 'LPMTrie' ? ', flags: [NoPrealloc]' : '';
  return `apiVersion: innermap.io/v1alpha1
kind: OuterMap
metadata:
  name: ${name}
spec:
  type: HashOfMaps
  maxEntries: ${Math.max(16, counts.length * 2)}
  key: u32
  inner: {type: ${type}, maxEntries: ${Math.max(1, ...counts)}, key: ${key}, value: u32${flags}}
  pin: ${name}
  access:
  - namespaces: ["*"]
`;
}

function innerHead(outerMap: string, name: string, key: number): string {
  return `apiVersion: innermap.io/v1alpha1
kind: InnerMap
metadata:
  name: ${name}
  namespace: bench
spec:
  outerMap: ${outerMap}
  key: ${key}
`;
}

/** Values begin with the inner map's number: no two are equal, which would be one map in the kernel. */
interface Content {
  readonly count: number;
  readonly map: number;
}

function listOf(type: 'LPMTrie' | 'Hash', { count, map }: Content): string {
  const lines = ['  entries:\n'];
  for (let index = 0; index < count; index++)
    lines.push(`  - key: ${keyOf(type, index)}\n    value: ${map + index}\n`);
  return count === 0 ? '  entries: []\n' : lines.join('');
}

function tableOf(type: 'LPMTrie' | 'Hash', { count, map }: Content): string {
  const lines = ['  table: |\n    key,value\n'];
  for (let index = 0; index < count; index++) lines.push(`    ${keyOf(type, index)},${map + index}\n`);
  return lines.join('');
}

/** Prefixes of lengths 25 to 32, each within a /25 of its own: 131,072 of them fit below 10.0.0.0/8. */
function keyOf(type: 'LPMTrie' | 'Hash', index: number): string {
  if (type === 'Hash') return String(index);
  const address = 0x0a000000 + index * 128;
  const parts = [24, 16, 8, 0].map(shift => (address >>> shift) & 255);
  return `${parts.join('.')}/${25 + (index % 8)}`;
}

function writeManifest(directory: string, name: string, text: string): number {
  writeFileSync(join(directory, name), text);
  return Buffer.byteLength(text);
}
