import type { ApiStatus } from './error.ts';

/** Upper bound of Retry-After. */
const LONGEST_WAIT_MS = 300_000;

/** The refusal that an answer's body and headers make; the body may be anything. */
export function refusalOf(status: number, text: string, retryAfter: string | undefined): ApiStatus {
  const refusal = refusalOfStatus(objectIn(text), status);
  return { ...refusal, retryAfter: waitOf(retryAfter) ?? refusal.retryAfter };
}

function objectIn(text: string): object {
  try {
    const read: unknown = JSON.parse(text);
    if (typeof read === 'object' && read !== null) return read;
  } catch {
    // Proxies answer HTML: its text is the message.
  }
  return { message: text.replace(/\s+/g, ' ').trim() };
}

/** A metav1.Status, from a body or an ERROR event. */
export function refusalOfStatus(read: object, status: number): ApiStatus {
  const { code, reason, message, details } = read as Record<string, unknown>;
  const actual = typeof code === 'number' && Number.isInteger(code) && code > 0 ? code : status;
  const seconds = (details as { retryAfterSeconds?: unknown } | null | undefined)?.retryAfterSeconds;
  return {
    status: actual,
    reason: typeof reason === 'string' && reason !== '' ? reason : (REASONS[actual] ?? 'Unknown'),
    message: typeof message === 'string' ? message : '',
    retryAfter: waitOf(typeof seconds === 'number' ? String(seconds) : undefined),
  };
}

/** `Retry-After`: seconds, or a date. */
function waitOf(header: string | undefined): number | undefined {
  if (header === undefined || header === '') return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  if (!Number.isFinite(milliseconds) || milliseconds <= 0) return undefined;
  return Math.min(milliseconds, LONGEST_WAIT_MS);
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Gone',
  413: 'RequestEntityTooLarge',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  502: 'BadGateway',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};
