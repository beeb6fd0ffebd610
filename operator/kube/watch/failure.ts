import { ApiError } from '../client/error.ts';

/** What the reflector could not do; it goes on by itself. */
export interface StreamFailure {
  readonly doing: 'list' | 'watch' | 'transform' | 'consume';
  readonly error: Error;
  /** Of the object that could not be read. */
  readonly key?: string;
  readonly retryInMs?: number;
}

/** The server's resourceVersions are below what it told before: restored from a backup, or an answer of the past. */
export class RestoredError extends Error {
  override readonly name = 'RewoundError';
  /** Where the server was when this was found: it was restored to no later one. */
  readonly resourceVersion: string;

  constructor(message: string, resourceVersion: string) {
    super(message);
    this.resourceVersion = resourceVersion;
  }
}

/** Said by the server within the stream, after it had been accepted. */
export class StreamedError extends Error {
  override readonly name = 'StreamedError';
  readonly status: number;
  readonly retryAfter: number | undefined;

  constructor(message: string, status: number, retryAfter: number | undefined) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Whether resuming is of no use: the history is gone, or what it was the history of. */
export function needsList(error: unknown): boolean {
  if (error instanceof RestoredError) return true;
  if (error instanceof StreamedError) return error.status !== 429;
  return error instanceof ApiError && [400, 404, 410].includes(error.status);
}

/** Servers before 1.27, and those without the feature, refuse to stream a list. */
export function refusesStreaming(error: unknown): boolean {
  return error instanceof ApiError && [400, 405, 406, 415, 422, 501].includes(error.status);
}

export function retryAfterOf(error: unknown): number {
  return error instanceof ApiError || error instanceof StreamedError ? (error.retryAfter ?? 0) : 0;
}

export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
