import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const PACKAGE = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/;

/** The licences of the packages that these files are of, and koffi's: who passes them on passes these on. */
export function licencesOf(repository, files) {
  const folders = new Set(files.flatMap(file => PACKAGE.exec(file)?.[0] ?? []));
  folders.add('node_modules/koffi');
  return [...folders]
    .sort()
    .map(folder => licenceOf(join(repository, folder)))
    .join('\n\n');
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find(
    entry => /^licen[cs]e/i.test(entry) && existsSync(join(folder, entry)),
  );
  if (file === undefined && license === undefined)
    throw new Error(`Cannot bundle ${name}: it has no licence`);
  const text = file === undefined ? '' : `\n\n${readFileSync(join(folder, file), 'utf8').trim()}`;
  return `== ${name} ${version} (${typeof license === 'string' ? license : 'see below'})${text}\n`;
}
