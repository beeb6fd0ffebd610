// version.mjs TAG: fails where the tag, package.json and the chart do not name one version.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const read = path => readFileSync(join(REPOSITORY, path), 'utf8');

const [tag = ''] = process.argv.slice(2);
const chart = read('charts/innermap-operator/Chart.yaml');
const found = {
  'the tag': /^v(\d+\.\d+\.\d+\S*)$/.exec(tag)?.[1],
  'package.json': JSON.parse(read('package.json')).version,
  "the chart's version": /^version: "?([^"\s]+)/m.exec(chart)?.[1],
  "the chart's appVersion": /^appVersion: "?([^"\s]+)/m.exec(chart)?.[1],
};
const [version] = Object.values(found);
if (version === undefined || Object.values(found).some(other => other !== version)) {
  const told = Object.entries(found).map(([where, what]) => `${where} says ${what ?? 'none'}`);
  console.error(`Cannot release ${tag}: ${told.join(', ')}; all must be one version, the tag's with a v`);
  process.exit(1);
}
console.log(version);
