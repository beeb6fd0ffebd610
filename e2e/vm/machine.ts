import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { childEnvironment } from '../agent/support/process.ts';
import { REPOSITORY } from '../crdschema.ts';
import type { Architecture, Version } from './options.ts';

const SCRIPTS = join(REPOSITORY, 'e2e', 'vm');
/** Times in an emulated machine say nothing; a grace period takes half as long where it is looked for at once. */
const COMMAND_LINE =
  'panic=-1 quiet rcupdate.rcu_cpu_stall_suppress=1 rcutree.jiffies_till_first_fqs=0 rcutree.jiffies_till_next_fqs=0';
const SETTINGS = ['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', '4G'];
const ALONE = ['-no-reboot', '-display', 'none', '-monitor', 'none', '-nic', 'none'];

/** How a machine is called, and which of its serial ports tells. The other is the console. */
const MACHINES: Readonly<Record<Architecture, { program: string; words: readonly string[]; ports: string }>> =
  {
    amd64: { program: 'qemu-system-x86_64', words: ['-machine', 'q35'], ports: 'console=ttyS0 told=ttyS1' },
    arm64: {
      program: 'qemu-system-aarch64',
      words: ['-machine', 'virt'],
      ports: 'console=ttyAMA0 told=ttyS0',
    },
  };

/** How a machine ended: the command's exit code, or why there is none. */
export type MachineEnd =
  | { readonly kind: 'ended'; readonly code: number }
  | { readonly kind: 'lost'; readonly why: string };

/** A shell command, and the kernel that it runs on. */
export interface Job {
  readonly command: string;
  readonly version: Version;
  readonly arch: Architecture;
  /** An archive of the image, where this machine is of another architecture; else empty. */
  readonly image: string;
  readonly limitSeconds: number;
}

/** A machine in software emulation: it and its folder are gone when its job is done, at the latest with this process. */
export class Machine {
  readonly #folder = mkdtempSync(join(tmpdir(), 'innermap-vm-'));
  #qemu: ChildProcess | undefined;

  /** Fetches the kernel, where it is not there, and runs the job in this clone; `told` gets each line that it prints. */
  async run(job: Job, told: (line: string) => void): Promise<MachineEnd> {
    const { program, words, ports } = MACHINES[job.arch];
    const kernel = script('kernel.sh', job.version, job.arch);
    const initrd = join(this.#folder, 'rootfs.cpio');
    script(
      'rootfs.sh',
      ...(job.image === '' ? [] : ['--image', job.image]),
      initrd,
      job.command,
      `${kernel}.overlay.ko`,
    );
    const boot = ['-kernel', kernel, '-initrd', initrd, '-append', `${ports} ${COMMAND_LINE}`];
    const console = join(this.#folder, 'console.log');
    const serial = ['-serial', `file:${console}`, '-chardev', 'stdio,id=told,signal=off'];
    const telling =
      job.arch === 'amd64' ? ['-serial', 'chardev:told'] : ['-device', 'pci-serial,chardev=told'];
    const all = [program, ...words, ...SETTINGS, ...ALONE, ...serial, ...telling, ...boot];
    const log = openSync(join(this.#folder, 'qemu.log'), 'w');
    // It ends with this process, however that ends
    this.#qemu = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...all], {
      stdio: ['ignore', 'pipe', log],
      env: childEnvironment(),
    });
    closeSync(log);
    return this.#end(job, told);
  }

  leave(): void {
    this.#qemu?.kill('SIGKILL');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #end({ limitSeconds }: Job, told: (line: string) => void): Promise<MachineEnd> {
    const qemu = this.#qemu!;
    let code: number | undefined;
    let isLate = false;
    const limit = setTimeout(() => {
      isLate = true;
      qemu.kill('SIGKILL');
    }, limitSeconds * 1000);
    const over = new Promise<void>((resolve, reject) => {
      qemu.once('close', () => resolve()).once('error', reject);
    });
    createInterface({ input: qemu.stdout! }).on('line', line => {
      const end = /^@end (\d+)\s*$/.exec(line);
      if (end === null) told(line.trimEnd());
      else code = Number(end[1]);
    });
    await over.finally(() => clearTimeout(limit));
    if (code !== undefined) return { kind: 'ended', code };
    const why = isLate ? `it did not end within ${limitSeconds} s` : 'it ended before its command did';
    return { kind: 'lost', why: `${why}:\n${this.#lastWords()}` };
  }

  #lastWords(): string {
    return execFileSync('tail', ['-qn', '15', 'console.log', 'qemu.log'], {
      cwd: this.#folder,
      encoding: 'utf8',
    });
  }
}

/** What it prints; its errors are this process's. */
function script(name: string, ...words: readonly string[]): string {
  const stdio: StdioOptions = ['ignore', 'pipe', 'inherit'];
  const options = { encoding: 'utf8', stdio, env: childEnvironment() } as const;
  return execFileSync('bash', [join(SCRIPTS, name), ...words], options).trim();
}
