import type { Reason } from '../api/reason.ts';
import type { KernelError } from '../kernel/error.ts';

/** The meaning of an errno to the owner of an object. 524 is ENOTSUPP, the kernel's internal EOPNOTSUPP. */
const REASON_OF: Readonly<Record<string, Reason>> = {
  ENOMEM: 'OutOfMemory',
  EPERM: 'PermissionDenied',
  EACCES: 'PermissionDenied',
  ENOTSUPP: 'Unsupported',
  EOPNOTSUPP: 'Unsupported',
};

export function reasonOf(error: KernelError): Reason {
  return REASON_OF[error.errno] ?? 'KernelError';
}

/** The same for inserting an inner map into an outer map, where three errnos have a meaning of their own. */
export function reasonOfInsert(error: KernelError): Reason {
  if (error.errno === 'E2BIG' || error.errno === 'ENOSPC') return 'OuterMapFull';
  if (error.errno === 'EINVAL') return 'LayoutMismatch';
  return reasonOf(error);
}
