import { fullName, type ResourceRef, resourceName } from './resource.ts';

export type ApiVerb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'apply' | 'delete';

/** What was asked of the server: messages and metrics name it. */
export interface ApiCall {
  readonly verb: ApiVerb;
  readonly ref: ResourceRef;
  readonly server: string;
}

/** An answer that is none, or says no. The message may change, `status` and `reason` may not. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** HTTP's; 0 where there was no answer. */
  readonly status: number;
  /** metav1.Status' reason, an errno, or one of ours: Timeout, InvalidAnswer, Credentials. */
  readonly reason: string;
  /** Milliseconds that the server asked us to wait. */
  readonly retryAfter: number | undefined;

  constructor(message: string, facts: ErrorFacts) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.status = facts.status;
    this.reason = facts.reason;
    this.retryAfter = facts.retryAfter;
  }
}

interface ErrorFacts {
  readonly status: number;
  readonly reason: string;
  readonly retryAfter?: number | undefined;
  readonly cause?: unknown;
}

/** What a metav1.Status tells, as far as the answer is one. */
export interface ApiStatus {
  readonly status: number;
  readonly reason: string;
  readonly message: string;
  readonly retryAfter?: number | undefined;
}

const LONGEST_MESSAGE = 600;

export function refusedError(asked: ApiCall, refusal: ApiStatus): ApiError {
  const said = refusal.message === '' ? '' : `, ${cut(refusal.message)}`;
  const text = `${attempt(asked)}: ${refusal.status} ${refusal.reason}${said}${advice(asked, refusal)}`;
  return new ApiError(text, refusal);
}

/** No answer: refused, reset, timed out, or a certificate that does not fit. */
export function unreachableError(asked: ApiCall, cause: unknown): ApiError {
  const code = errorCode(cause);
  const said = cause instanceof Error ? cause.message : String(cause);
  const text = `${attempt(asked)}: ${code}, ${cut(said)}; ${networkAdvice(code, asked.server)}`;
  return new ApiError(text, { status: 0, reason: code, cause });
}

/** A token file, certificate or credential command that cannot be used: nothing was sent. */
export function credentialsError(asked: ApiCall, cause: unknown): ApiError {
  const said = cause instanceof Error ? cause.message : String(cause);
  const text = `${attempt(asked)}: Credentials, ${cut(said)}; see what the kubeconfig or the pod's service account names`;
  return new ApiError(text, { status: 0, reason: 'Credentials', cause });
}

export function timeoutError(asked: ApiCall, milliseconds: number): ApiError {
  const text = `${attempt(asked)}: Timeout, no answer of ${asked.server} in ${Math.round(milliseconds / 1000)} s; it is slow or away, tried again`;
  return new ApiError(text, { status: 0, reason: 'Timeout' });
}

export function invalidAnswerError(asked: ApiCall, problem: string): ApiError {
  const text = `${attempt(asked)}: InvalidAnswer, ${cut(problem)}; is something other than an API server at ${asked.server}?`;
  return new ApiError(text, { status: 0, reason: 'InvalidAnswer' });
}

function attempt({ verb, ref }: ApiCall): string {
  return `Cannot ${verb} ${resourceName(ref)}`;
}

function advice({ verb, ref }: ApiCall, { status, retryAfter }: ApiStatus): string {
  if (status === 401) return '; renew the token or the client certificate';
  if (status === 403) return `; allow the account to ${rbacVerb(verb)} ${fullName(ref.resource)}`;
  if (status === 404 && ref.name === undefined && ref.resource.group.includes('.'))
    return `; install the CustomResourceDefinition ${fullName(ref.resource)}`;
  if (status === 409) return '; read the object again and repeat';
  if (status === 410) return '; list again';
  if (status === 429) return `; the server is busy, wait ${Math.ceil((retryAfter ?? 1000) / 1000)} s`;
  if (status >= 500) return "; see the API server's log";
  return '';
}

function rbacVerb(verb: ApiVerb): string {
  return verb === 'apply' ? 'patch' : verb;
}

function networkAdvice(code: string, server: string): string {
  if (code === 'ECONNREFUSED') return `nothing listens at ${server}, tried again`;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name in ${server} has no address`;
  if (/CERT|SIGNATURE|ALTNAME|ISSUER|SSL|TLS/.test(code))
    return `the certificate of ${server} does not fit the configured CA or name`;
  return `the connection to ${server} failed, tried again`;
}

/** undici hides the errno in causes and in AggregateErrors of addresses tried. */
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
