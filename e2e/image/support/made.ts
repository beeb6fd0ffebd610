import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../../crdschema.ts';

const SCRIPTS = join(REPOSITORY, 'bin', 'image');

/** What a command said, and how it ended. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
}

/** What the scripts of bin/image make, each once for all suites, below a folder that is gone afterwards. */
class Made {
  #folder: string | undefined;
  readonly #made = new Map<string, string>();

  /** The bundle, as bundle.mjs writes it. */
  get bundle(): string {
    return this.#once('bundle', path => script('bundle.mjs', '--out', path));
  }

  /** The image's root file system. */
  get root(): string {
    const { bundle } = this;
    return this.#once('root', path => script('rootfs.sh', '--bundle', bundle, path));
  }

  /** The archive that `npm run image` writes, and a second one of another moment. */
  archive(which: 'one' | 'another' = 'one'): string {
    return this.#once(`${which}.tar`, path => script('image.sh', '--out', path));
  }

  /** A new folder for a test's own files. */
  scratch(): string {
    return mkdtempSync(join(this.#place(), 'scratch-'));
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
  }

  #once(name: string, make: (path: string) => void): string {
    const path = this.#made.get(name) ?? join(this.#place(), name);
    if (!this.#made.has(name)) make(path);
    this.#made.set(name, path);
    return path;
  }

  #place(): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'innermap-image-'));
    return this.#folder;
  }
}

export const MADE = new Made();

after(() => MADE.remove());

/** The Node.js that the image has where no other is given. */
export function nodeOfImage(): string {
  return join(script('node.mjs', architecture()).trim(), 'bin', 'node');
}

export function architecture(): string {
  return process.arch === 'arm64' ? 'arm64' : 'amd64';
}

/** Runs one of bin/image; what it prints. */
export function script(name: string, ...words: readonly string[]): string {
  const program = name.endsWith('.sh') ? 'bash' : process.execPath;
  return execFileSync(program, [join(SCRIPTS, name), ...words], {
    encoding: 'utf8',
    cwd: '/',
    stdio: 'pipe',
  });
}

export function said(program: string, words: readonly string[], cwd = '/'): Said {
  const { status, stdout, stderr, error } = spawnSync(program, words, { encoding: 'utf8', cwd, env: {} });
  if (error !== undefined) throw error;
  return { code: status, out: stdout, error: stderr };
}

/** A suite that needs Debian's tools and root; without them it is one skipped test that says so, and in CI it fails. */
export function describeImage(title: string, body: () => void): void {
  const missing = whatIsMissing();
  describe(title, function () {
    this.timeout(180_000);
    if (missing !== undefined && process.env['CI'] !== 'true') {
      it(`is skipped: ${missing}`);
      return;
    }
    before(() => {
      if (missing !== undefined) throw new Error(`Cannot make an image: ${missing}`);
    });
    body();
  });
}

function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'root is needed, to enter the root file system and to mount a bpffs';
  const { status } = spawnSync('bash', ['-c', 'command -v apt-get && command -v dpkg-deb']);
  return status === 0 ? undefined : 'apt-get and dpkg-deb are missing: an image is made of Debian’s packages';
}

/** A bpffs of its own for a work, gone afterwards. */
export function withBpffs<T>(at: string, work: () => T): T {
  return mounted(['-t', 'bpf', 'bpf'], at, work);
}

/** What a container has besides its root file system. */
export function withSystem<T>(root: string, work: () => T): T {
  return mounted(['--bind', '/sys'], join(root, 'sys'), () =>
    mounted(['-t', 'proc', 'proc'], join(root, 'proc'), work),
  );
}

function mounted<T>(what: readonly string[], at: string, work: () => T): T {
  mkdirSync(at, { recursive: true });
  execFileSync('mount', [...what, at]);
  try {
    return work();
  } finally {
    execFileSync('umount', [at]);
  }
}
