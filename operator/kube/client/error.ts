import { fullName, type ResourceRef, resourceName } from './resource.ts';

export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'apply' | 'delete';

/** A request to the server, as messages and metrics name it. */
export interface ApiCall {
  readonly verb: ApiVerb;
  readonly ref: ResourceRef;
  readonly server: string;
}

/** A call that was refused or not answered. The message may change, `status` and `reason` may not. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError';
  /** The HTTP status; 0 where there was no valid answer. */
  readonly status: number;
  /** The reason of metav1.Status, an errno, Timeout, InvalidAnswer or Credentials. */
  readonly reason: string;
  /** Milliseconds of the server's Retry-After. */
  readonly retryAfter: number | undefined;

  constructor(message: string, { status, reason, retryAfter, cause }: ErrorFacts) {
    super(message, cause === undefined ? undefined : { cause });
    this.status = status;
    this.reason = reason;
    this.retryAfter = retryAfter;
  }
}

type ErrorFacts = Omit<ApiStatus, 'message'> & { readonly cause?: unknown };

/** The fields of a metav1.Status, as far as the answer has them. */
export interface ApiStatus {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfter?: number | undefined;
}

const LONGEST_MESSAGE = 600;

export function refusedError(call: ApiCall, refusal: ApiStatus): ApiError {
  const message = refusal.message === '' ? '' : `, ${cut(refusal.message)}`;
  const text = `${attempt(call)}: ${refusal.status} ${refusal.reason}${message}${advice(call, refusal)}`;
  return new ApiError(text, refusal);
}

/** There was no answer: refused, reset, or a certificate that does not fit. */
export function unreachableError(call: ApiCall, cause: unknown): ApiError {
  const code = errorCode(cause);
  return unansweredError(call, code, {
    text: `${textOf(cause)}; ${networkAdvice(code, call.server)}`,
    cause,
  });
}

/** A token file, certificate or credential command cannot be used: nothing was sent. */
export function credentialsError(call: ApiCall, cause: unknown): ApiError {
  const text = `${textOf(cause)}; see what the kubeconfig or the pod's service account names`;
  return unansweredError(call, 'Credentials', { text, cause });
}

export function timeoutError(call: ApiCall, milliseconds: number): ApiError {
  const text = `no answer of ${call.server} in ${Math.round(milliseconds / 1000)} s; it is slow or away, tried again`;
  return unansweredError(call, 'Timeout', { text });
}

export function invalidAnswerError(call: ApiCall, problem: string): ApiError {
  const text = `${cut(problem)}; is something other than an API server at ${call.server}?`;
  return unansweredError(call, 'InvalidAnswer', { text });
}

function unansweredError(call: ApiCall, reason: string, { text, cause }: { text: string; cause?: unknown }) {
  return new ApiError(`${attempt(call)}: ${reason}, ${text}`, { status: 0, reason, cause });
}

function textOf(cause: unknown): string {
  return cut(cause instanceof Error ? cause.message : String(cause));
}

function attempt({ verb, ref }: ApiCall): string {
  return `Cannot ${verb} ${resourceName(ref)}`;
}

function advice({ verb, ref }: ApiCall, { status, retryAfter }: ApiStatus): string {
  if (status === 401) return '; renew the token or the client certificate';
  if (status === 403)
    return `; allow the account to ${verb === 'apply' ? 'patch' : verb} ${fullName(ref.resource)}`;
  if (status === 404 && ref.name === undefined && ref.resource.group.includes('.'))
    return `; install the CustomResourceDefinition ${fullName(ref.resource)}`;
  if (status === 409) return '; read the object again and repeat';
  if (status === 410) return '; list again';
  if (status === 429) return `; the server is busy, wait ${Math.ceil((retryAfter ?? 1000) / 1000)} s`;
  if (status >= 500) return "; see the API server's log";
  return '';
}

function networkAdvice(code: string, server: string): string {
  if (code === 'ECONNREFUSED') return `nothing listens at ${server}, tried again`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name in ${server} has no address`;
  if (/CERT|SIGNATURE|ALTNAME|ISSUER|SSL|TLS/.test(code))
    return `the certificate of ${server} does not fit the configured CA or name`;
  return `the connection to ${server} failed, tried again`;
}

/** undici puts the errno into causes, and into an AggregateError of the addresses it tried. */
function errorCode(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = innerError(at), depth++)
    if ('code' in at && typeof at.code === 'string' && at.code !== 'UND_ERR') return at.code;
  return error instanceof Error ? error.name : 'Error';
}

function innerError(error: Error): unknown {
  return error instanceof AggregateError ? error.errors[0] : error.cause;
}

function cut(text: string): string {
  return text.length <= LONGEST_MESSAGE ? text : `${text.slice(0, LONGEST_MESSAGE)}…`;
}
