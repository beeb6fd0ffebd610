import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives each test of a suite a directory for pins, in a bpffs of its own. */
export function onPins(): () => string {
  let directory: string;
  let pins: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'innermap-bench-'));
    execFileSync('mount', ['-t', 'bpf', 'bpf', directory]);
    pins = join(directory, 'pins');
    mkdirSync(pins);
  });
  afterEach(() => {
    execFileSync('umount', [directory]);
    rmdirSync(directory);
  });
  return () => pins;
}
