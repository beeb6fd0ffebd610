/** Writes what the chart has from crds/ and from values.yaml: `npm run build && node dist/charts/generate.js` */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHART, generatedFiles } from './generated.ts';

const repository = join(import.meta.dirname, '..', '..');
for (const { path, text } of generatedFiles(repository)) writeFileSync(join(repository, CHART, path), text);
