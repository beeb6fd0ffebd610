import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { childEnvironment } from '../agent/support/process.ts';
import { REPOSITORY } from '../crdschema.ts';

const run = promisify(execFile);

const SCRIPT = join(REPOSITORY, 'e2e', 'tools', 'images.sh');

/** Builds the operator's image and the tools', by a Docker daemon or without, and gives their archives away while `use` runs. */
export async function withImages(
  by: 'docker' | 'scripts',
  use: (archives: readonly string[]) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'innermap-images-'));
  try {
    const { stdout } = await run('bash', [SCRIPT, by, folder], {
      env: childEnvironment(),
      maxBuffer: 1 << 24,
    });
    await use(stdout.trim().split('\n'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
