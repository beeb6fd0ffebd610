import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { childEnvironment } from './agent/support/process.ts';
import { REPOSITORY } from './crdschema.ts';

const LEFTOVERS = join(REPOSITORY, 'bin', 'leftovers.mjs');
const TOKEN = `spec${process.pid}`;
const OTHER = `other${process.pid}`;
const isRoot = process.getuid?.() === 0;

(isRoot || process.env['CI'] === 'true' ? describe : describe.skip)('bin/leftovers.mjs (needs root)', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'innermap-leftovers-'));
    writeFileSync(join(folder, 'before.json'), leftovers('take').stdout);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const leftovers = (...words: readonly string[]) =>
    spawnSync(process.execPath, [LEFTOVERS, ...words], { encoding: 'utf8', env: childEnvironment() });
  /** Without maps, which others on this machine make meanwhile. */
  const compared = () => {
    const { status, stdout } = leftovers('compare', join(folder, 'before.json'), TOKEN, folder);
    return { status, lines: stdout.split('\n').filter(line => line !== '' && !line.startsWith('map ')) };
  };

  it('names what a killed run left and takes it away, and nothing of another run', async () => {
    const [own, others] = [cgroup(TOKEN), cgroup(OTHER)];
    const mount = join(folder, 'bpffs');
    mkdirSync(mount);
    spawnSync('mount', ['-t', 'bpf', 'bpf', mount], { env: childEnvironment() });
    const left = spawn('sleep', ['1000'], { env: { ...childEnvironment(), INNERMAP_SUITE: TOKEN } });
    try {
      writeFileSync(join(own, 'cgroup.procs'), String(left.pid));
      const { status, lines } = compared();
      expect(status).to.equal(1);
      expect(lines).to.have.members([`process ${left.pid}: sleep 1000`, `mount ${mount}`, `cgroup ${own}`]);
      expect(readFileSync('/proc/self/mounts', 'utf8')).to.not.include(mount);
      expect([existsSync(own), existsSync(others)]).to.deep.equal([false, true]);
      if (left.signalCode === null) await once(left, 'close');
      expect(compared().lines).to.deep.equal([]);
    } finally {
      // Where the check fails to, this does
      left.kill('SIGKILL');
      spawnSync('umount', ['--lazy', mount], { env: childEnvironment() });
      for (const each of [own, others]) if (existsSync(each)) spawnSync('rmdir', [each]);
    }
  });
});

/** In whatever hierarchy is there. */
function cgroup(token: string): string {
  const root = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'].find(path =>
    existsSync(join(path, 'cgroup.procs')),
  )!;
  const path = join(root, `innermap-${token}-test-1`);
  mkdirSync(path);
  return path;
}
