import { join } from 'node:path';

/** Of this repository: specs run from its folder `dist`. Some run where there is no compiler, which reads the sources. */
export const ROOT = join(import.meta.dirname, '..', '..', '..');
