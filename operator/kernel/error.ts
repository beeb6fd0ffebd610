/** An errno by its name; `E<number>` where this file does not know the name. */
export type Errno = string;

/**
 * What the kernel refused. `operation` is the verb in words ("create inner map"), `map` what it was done to.
 * The message follows: `Cannot create inner map team-a/web: ENOMEM`.
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
