import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChartFile, crdTemplate, policyTemplates } from './manifests.ts';
import { chartValues, readmeWith } from './readme.ts';

export const CHART = 'charts/innermap-operator';

/** Every file of the chart that is made from another, as it should be. */
export function generatedFiles(repository: string): readonly ChartFile[] {
  const read = (path: string): string => readFileSync(join(repository, path), 'utf8');
  const manifests = readdirSync(join(repository, 'crds'))
    .filter(name => name.endsWith('.yaml'))
    .sort();
  const readme = readmeWith(read(`${CHART}/README.md`), chartValues(read(`${CHART}/values.yaml`)));
  return [
    ...manifests.flatMap(name => templatesOf(name, read(`crds/${name}`))),
    { path: 'README.md', text: readme },
  ];
}

function templatesOf(name: string, text: string): readonly ChartFile[] {
  return name.startsWith('policy-') ? policyTemplates(name, text) : [crdTemplate(name, text)];
}
