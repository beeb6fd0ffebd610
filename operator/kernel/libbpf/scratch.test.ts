import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import type { MapSpec } from '../../core/mapspec.ts';
import type { BuildRequest } from '../kernel.ts';
import { numbered, type Outside } from '../testing/contract/fixture.ts';
import type { RealKernel } from './kernel.ts';
import { openKernel } from './kernel.ts';
import type { Library } from './library.ts';

/** mount and bpftool lie outside a plain user's PATH. */
const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };

export function run(program: string, ...args: readonly string[]): string {
  const stdio = ['ignore', 'pipe', 'pipe'] as const;
  return execFileSync(program, args, { env, encoding: 'utf8', stdio: [...stdio], maxBuffer: 1 << 28 });
}

export const HASH: MapSpec = { type: 'Hash', keySize: 4, valueSize: 8, maxEntries: 128, flags: 0 };

/** A bpffs of its own below a new directory, and kernels on it. */
export class Scratch {
  readonly root = mkdtempSync(join(tmpdir(), 'innermap-kernel-'));
  readonly #kernels: RealKernel[] = [];

  #isMounted = false;

  constructor() {
    this.mount();
  }

  mount(): void {
    run('mount', '-t', 'bpf', 'bpf', this.root);
    this.#isMounted = true;
  }

  /** Lazily: a lock's file may be open below. */
  unmount(): void {
    if (this.#isMounted) run('umount', '--lazy', this.root);
    this.#isMounted = false;
  }

  outside(): Outside {
    return {
      chmod: chmodSync,
      chown: (path, uid) => chownSync(path, uid, 0),
      modeOf: path => statSync(path).mode & 0o7777,
      unmount: () => this.unmount(),
      mount: () => this.mount(),
    };
  }

  open(library?: Library): RealKernel {
    const kernel = openKernel({ bpffs: this.root, ...(library === undefined ? {} : { library }) });
    this.#kernels.push(kernel);
    return kernel;
  }

  path(name: string): string {
    return join(this.root, name);
  }

  /** A hash of 100 entries, or what `changes` makes of it. */
  request(name: string, changes: Partial<BuildRequest> = {}): BuildRequest {
    return {
      spec: HASH,
      name: named('test'),
      label: `team-a/${name}`,
      entries: numbered(0, 100),
      freeze: false,
      pins: [this.path(name)],
      ...changes,
    };
  }

  close(): void {
    for (const kernel of this.#kernels) kernel.close();
    if (this.#isMounted) run('umount', this.root);
    rmdirSync(this.root);
  }
}

/** The reason why this machine cannot run the tests on the real kernel; undefined where it can. */
function whatIsMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'root, to mount a bpffs';
  let scratch: Scratch | undefined;
  try {
    scratch = new Scratch();
    scratch.open();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    scratch?.close();
  }
}

const missing = whatIsMissing();

/** Where the kernel must be there, a skip is a failure. */
export const onRealKernel = missing === undefined || process.env['CI'] === 'true' ? describe : describe.skip;
if (missing !== undefined)
  console.log(
    `Tests on the real kernel are ${onRealKernel === describe ? 'bound to fail' : 'skipped'}: ${missing}`,
  );

/** Skips a spec that is about what only newer kernels do. */
export function lacking(context: Mocha.Context, feature: string): never {
  console.log(`      skipped: this kernel is without ${feature}`);
  return context.skip();
}

/** Gives each test of a suite a bpffs of its own, and requires that no file stays open. */
export function onScratch(): () => Scratch {
  let scratch: Scratch;
  let files: number;
  beforeEach(() => {
    files = openFiles();
    scratch = new Scratch();
  });
  afterEach(() => {
    scratch.close();
    expect(openFiles(), 'open files').to.be.at.most(files);
  });
  return () => scratch;
}

export function openFiles(): number {
  return readdirSync('/proc/self/fd').length;
}

/** A map's name that is this process's own: its tests count what they leave, and others may run on this kernel. */
export function named(word: string): string {
  return `${word}_${process.pid.toString(36)}`;
}

/** Maps with one of these names, as bpftool sees them. */
export function mapsNamed(...names: readonly string[]): number {
  const maps = JSON.parse(run('bpftool', '-j', 'map', 'show')) as readonly { readonly name?: string }[];
  return maps.filter(({ name }) => name !== undefined && names.includes(name)).length;
}

const KERNEL = pathToFileURL(join(import.meta.dirname, 'kernel.js')).href;

/** The output of the code, or the message of its error, in a process started by `through`. */
export function inChild(code: string, through: readonly string[]): string {
  const program = `const { openKernel } = await import(${JSON.stringify(KERNEL)});
    try { ${code} } catch (error) { console.log(error.message) }`;
  const [command = '', ...args] = [...through, process.execPath, '--input-type=module', '--eval', program];
  const { stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return stdout === '' ? stderr : stdout.trim();
}

export function withCapabilities(set: string): readonly string[] {
  return ['setpriv', `--bounding-set=${set}`, '--inh-caps=-all'];
}
