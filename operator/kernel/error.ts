import type { MapTypes } from '../core/btf/maptypes.ts';

/** An errno by its name; `E<number>` where the name is unknown. */
export type Errno = string;

const STARVED: ReadonlySet<Errno> = new Set(['ENOMEM', 'EMFILE', 'ENFILE']);

/** Memory or file descriptors did not suffice. */
export function isStarved({ errno }: KernelError): boolean {
  return STARVED.has(errno);
}

/** It says nothing about a map, and passes: starved, or the map changed too fast. */
export function isPassing(error: KernelError): boolean {
  return isStarved(error) || error.errno === 'EAGAIN';
}

/** Whether types that the kernel refused may be left out: not what passes, nor what fields of the kernel need. */
export function mayLeaveOutTypes(error: unknown, { kernelFields }: MapTypes): boolean {
  return error instanceof KernelError && !isPassing(error) && kernelFields.length === 0;
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
