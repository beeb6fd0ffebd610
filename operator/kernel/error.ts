/** An errno by its name; `E<number>` where the name is unknown. */
export type Errno = string;

/** Memory or file descriptors did not suffice, or the map changed too fast: it says nothing about a map, and passes. */
const PASSING: ReadonlySet<Errno> = new Set(['ENOMEM', 'EMFILE', 'ENFILE', 'EAGAIN']);

export function isPassing({ errno }: KernelError): boolean {
  return PASSING.has(errno);
}

/**
 * A failure in the kernel. `operation` is the verb in words ("create inner map"), `map` its object.
 * They make the message: `Cannot create inner map team-a/web: ENOMEM`.
 */
export class KernelError extends Error {
  readonly operation: string;
  readonly map: string;
  readonly errno: Errno;

  constructor(operation: string, map: string, errno: Errno, detail = '') {
    super(`Cannot ${operation} ${map}: ${errno}${detail === '' ? '' : `, ${detail}`}`);
    this.name = 'KernelError';
    this.operation = operation;
    this.map = map;
    this.errno = errno;
  }
}
