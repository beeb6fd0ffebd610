import { constants } from 'node:os';
import type { Errno } from '../error.ts';
import { KernelError } from '../error.ts';
import { memoryLimit, textOf } from './memory/cgroup.ts';
import { mayUseBpf } from './rights.ts';

/** Numbers of <errno.h> by name. ENOTSUPP is the kernel's own and in no header of user space. */
export const ERRNO = { ...constants.errno, ENOTSUPP: 524 } as const;

/** Of two names for one number, the one that the kernel's source uses. */
const PREFERRED: readonly string[] = ['EAGAIN', 'EOPNOTSUPP', 'EDEADLK'];

const NAMES: ReadonlyMap<number, Errno> = new Map(
  [...Object.keys(ERRNO), ...PREFERRED].map(name => [ERRNO[name as keyof typeof ERRNO], name]),
);

export function errnoName(number: number): Errno {
  return NAMES.get(number) ?? `E${number}`;
}

/** The error for an answer below zero. Without a `detail`, the advice for its errno follows from the state of this process. */
export function kernelError(operation: string, map: string, answer: number, detail = ''): KernelError {
  const name = errnoName(-answer);
  return new KernelError(operation, map, name, detail === '' ? advice(name) : detail);
}

/** The KernelError for what node:fs throws; anything else is thrown on. */
export function fileError(operation: string, path: string, thrown: unknown, detail = ''): KernelError {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  if (typeof code !== 'string') throw thrown;
  return new KernelError(operation, path, code, detail === '' ? advice(code) : detail);
}

/** A KernelError as a value, for one item of many; anything else is thrown on. */
export function asValue(error: unknown): KernelError {
  if (error instanceof KernelError) return error;
  throw error;
}

let filesLimit: number | undefined;

/** RLIMIT_NOFILE of this process; read once, as it cannot be read where no file is left. */
export function openFilesLimit(): number {
  filesLimit ??= Number(/^Max open files\s+(\d+)/m.exec(textOf('/proc/self/limits'))?.[1] ?? 1024);
  return filesLimit;
}

function advice(name: Errno): string {
  switch (name) {
    case 'ENOMEM':
      return memoryAdvice();
    case 'EPERM':
      return mayUseBpf() ? '' : 'this process needs CAP_BPF';
    case 'EACCES':
      return 'neither its mode nor CAP_DAC_OVERRIDE permits it, or AppArmor or SELinux denies it';
    case 'EMFILE':
      return `this process may have ${openFilesLimit()} files open and has, raise RLIMIT_NOFILE`;
    case 'ENFILE':
      return 'the machine has no file left, raise fs.file-max';
    case 'ENOTSUPP':
    case 'EOPNOTSUPP':
      return 'this kernel cannot do that';
    default:
      return '';
  }
}

let remembered = { until: 0, text: '' };

/** Read once a second, as ten thousand maps may meet one limit. */
function memoryAdvice(): string {
  const now = performance.now();
  if (now >= remembered.until) remembered = { until: now + 1000, text: memoryLimitText() };
  return remembered.text;
}

function memoryLimitText(): string {
  const limit = memoryLimit();
  if (limit === undefined) return 'the machine has no memory for it';
  return `memory limit of this process's cgroup is ${(limit / 2 ** 20).toFixed(0)} MiB`;
}
