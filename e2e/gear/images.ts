import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../agent/support/process.ts';
import { REPOSITORY } from '../crdschema.ts';

const run = promisify(execFile);

const SCRIPT = join(REPOSITORY, 'e2e', 'gear', 'images.sh');

/** Builds the operator's image and the gear's, by a Docker daemon or without; their archives. */
export async function buildImages(by: 'docker' | 'scripts'): Promise<readonly string[]> {
  const { stdout } = await run('bash', [SCRIPT, by], { env: childEnvironment(), maxBuffer: 1 << 24 });
  return stdout.trim().split('\n');
}
