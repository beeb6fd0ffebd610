import { ApiError, type ApiStatus } from '../client/error.ts';

/** A failure of the reflector, which continues by itself. */
export interface StreamFailure {
  readonly doing: 'list' | 'watch' | 'transform' | 'consume';
  readonly error: Error;
  /** The object that could not be read. */
  readonly key?: string;
  readonly retryInMs?: number;
}

/** The server contradicts what it sent before: it was restored from a backup, or answered from the past. */
export class RestoredError extends Error {
  override readonly name = 'RestoredError';
  /** Where the server was when this was found: it was restored to this version or an earlier one. */
  readonly resourceVersion: string;

  constructor(message: string, resourceVersion: string) {
    super(message);
    this.resourceVersion = resourceVersion;
  }
}

/** An ERROR event, which the server sends after it has accepted the watch. */
export class StreamedError extends ApiError {
  override readonly name = 'StreamedError';

  constructor(refusal: ApiStatus) {
    const { status, reason, message } = refusal;
    super(`Cannot watch: the server ended it with ${status} ${reason}, ${message}`, refusal);
  }
}

/** Whether the watch cannot be resumed: its resourceVersion has expired or is of another history. */
export function needsList(error: unknown): boolean {
  if (error instanceof RestoredError) return true;
  if (error instanceof StreamedError) return error.status !== 429;
  return error instanceof ApiError && [400, 404, 410].includes(error.status);
}

/** Kubernetes before 1.27, and servers without the WatchList feature, refuse sendInitialEvents. */
export function refusesStreaming(error: unknown): boolean {
  if (!(error instanceof ApiError) || error instanceof StreamedError) return false;
  return [400, 405, 406, 415, 422, 501].includes(error.status);
}

export function retryAfterOf(error: unknown): number {
  return error instanceof ApiError ? (error.retryAfter ?? 0) : 0;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
