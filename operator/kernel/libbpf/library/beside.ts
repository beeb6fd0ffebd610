import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file of the program, by its path in this repository: searched upwards from this file, which lies deeper once it is compiled. */
export function besideProgram(path: string): string | undefined {
  for (let directory = import.meta.dirname; ; directory = dirname(directory)) {
    if (existsSync(join(directory, path))) return join(directory, path);
    if (dirname(directory) === directory) return undefined;
  }
}
