import { ApiError, type ApiVerb } from '../error.ts';

/** Failed before anything was sent. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Whether asking again may help and can do no harm: a create that was answered by 500 may have happened. */
export function mayRepeat(verb: ApiVerb, error: unknown): error is ApiError {
  if (!(error instanceof ApiError)) return false;
  const { status, reason, retryAfter } = error;
  if (status === 429 || (status >= 500 && retryAfter !== undefined)) return true;
  if (status === 0 && UNSENT.has(reason)) return true;
  if (verb === 'create' || verb === 'update') return false;
  return status >= 500 || status === 0;
}

/** Down, failing or busy: it would be the same for other calls. */
export function tellsOfServer({ status }: ApiError): boolean {
  return status === 0 || status === 429 || status >= 500;
}
