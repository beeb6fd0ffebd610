// Exits 0 when node_modules holds what package-lock.json names, as npm itself recorded it.
import { readFileSync } from 'node:fs';

const wanted = packagesOf('package-lock.json');
const installed = packagesOf('node_modules/.package-lock.json');
// Optional packages of other platforms are named in the one and absent from the other.
const differs = Object.entries(wanted).some(([path, entry]) =>
  installed[path] === undefined ? entry.optional !== true : installed[path].version !== entry.version,
);
process.exit(differs ? 1 : 0);

/** Path below node_modules → its entry; none where npm has not been here. */
function packagesOf(file) {
  try {
    const { '': _root, ...packages } = JSON.parse(readFileSync(file, 'utf8')).packages;
    return packages;
  } catch {
    return {};
  }
}
