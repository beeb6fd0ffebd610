import { ApiError, type ApiVerb } from '../error.ts';

/** Reasons of calls that failed before anything was sent. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether a retry may help and does no harm: a create that was answered by 500 may have been done. */
export function mayRetry(verb: ApiVerb, error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  const { status, reason, retryAfter } = error;
  if (status === 429 || (status >= 500 && retryAfter !== undefined)) return true;
  if (status === 0 && UNSENT.has(reason)) return true;
  if (verb === 'create' || verb === 'update') return false;
  return status >= 500 || status === 0;
}

/** Whether the server is down, failing or busy, which concerns all calls. */
export function isServerFailure({ status }: ApiError): boolean {
  return status === 0 || status === 429 || status >= 500;
}
