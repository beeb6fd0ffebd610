import type { Dispatcher } from 'undici';
import { Backoff } from '../../timing/backoff.ts';
import { type Clock, REAL_CLOCK } from '../../timing/clock.ts';
import { yieldToEventLoop } from '../../timing/sliced.ts';
import type { CallOptions, ClusterOptions } from '../client.ts';
import { refusalOf } from './answer.ts';
import { loadConfig } from './config.ts';
import { Connection } from './connection.ts';
import { ApiCallCounts } from './counts.ts';
import { Credentials, type ServerAccess } from './credentials.ts';
import {
  ApiError,
  type ApiVerb,
  credentialsError,
  invalidAnswerError,
  refusedError,
  unreachableError,
} from './error.ts';
import { CircuitBreaker } from './pacing/circuitbreaker.ts';
import { ConcurrencyLimit } from './pacing/concurrency.ts';
import { isServerFailure, mayRetry } from './pacing/retry.ts';
import { type Query, type ResourceRef, urlPath } from './resource.ts';
import { Linked, Timed } from './timed.ts';

export interface Request {
  readonly verb: ApiVerb;
  readonly ref: ResourceRef;
  readonly query?: Query;
  readonly body?: object;
}

export interface Sized<T> {
  readonly value: T;
  readonly length: number;
}

const METHODS = {
  get: 'GET',
  list: 'GET',
  watch: 'GET',
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  apply: 'PATCH',
  delete: 'DELETE',
} as const;

const TIMEOUT_MS = 30_000;
const ATTEMPTS = 5;
/** A metav1.Status is short: what follows this much of a refusal is not read. */
const LONGEST_REFUSAL = 64 * 1024;

/** Sends requests with credentials, over a pool of connections, with retries, and counts them. */
export class Caller {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly counts = new ApiCallCounts();
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #credentials: Credentials;
  readonly #connection = new Connection();
  readonly #breaker: CircuitBreaker;
  readonly #concurrency: ConcurrencyLimit;
  readonly #closed = new AbortController();

  constructor(options: ClusterOptions) {
    const { clock = REAL_CLOCK, concurrency = 8 } = options;
    const config = loadConfig(options);
    this.server = config.getCurrentCluster()!.server;
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace;
    this.#userAgent = options.userAgent;
    this.#clock = clock;
    this.#credentials = new Credentials(() => loadConfig(options), clock);
    this.#breaker = new CircuitBreaker(clock);
    this.#concurrency = new ConcurrencyLimit(concurrency);
  }

  /** The answer's JSON. */
  async json<T>(request: Request, options: CallOptions = {}): Promise<T> {
    return (await this.sized<T>(request, options)).value;
  }

  /** The answer's JSON and its length, after as many attempts as are safe. */
  async sized<T>(request: Request, options: CallOptions = {}): Promise<Sized<T>> {
    const backoff = new Backoff(this.#clock);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt<T>(request, options);
      } catch (error) {
        const last = attempt >= (options.attempts ?? ATTEMPTS) || options.signal?.aborted === true;
        if (last || this.#closed.signal.aborted || !mayRetry(request.verb, error)) throw error;
        const retryAfter = (error.retryAfter ?? 0) * (1 + this.#clock.random() / 2);
        await this.#sleep(Math.max(backoff.next(), retryAfter), options.signal);
      }
    }
  }

  /** The bytes of an answer that only the caller's signal ends. */
  async stream(request: Request, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const timed = this.#timed(request, signal);
    try {
      await this.#breaker.pass(timed.signal);
      timed.start(TIMEOUT_MS);
      const { body } = await this.#send(request, timed);
      body.once('close', () => timed.end());
      timed.answered();
      return body;
    } catch (error) {
      timed.end();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed.abort();
    await this.#connection.close();
  }

  async #attempt<T>(request: Request, options: CallOptions): Promise<Sized<T>> {
    const urgent = options.urgent === true;
    if (!urgent) await this.#concurrency.take();
    const timed = this.#timed(request, options.signal);
    try {
      if (!urgent) await this.#breaker.pass(timed.signal);
      timed.start(options.timeoutMs ?? TIMEOUT_MS);
      return (await this.#parsed(request, timed)) as Sized<T>;
    } finally {
      timed.end();
      if (!urgent) this.#concurrency.release();
    }
  }

  #timed({ verb, ref }: Request, signal: AbortSignal | undefined): Timed {
    const call = { verb, ref, server: this.server };
    return new Timed(this.#clock, call, [signal, this.#closed.signal]);
  }

  async #parsed(request: Request, timed: Timed): Promise<Sized<unknown>> {
    const answer = await this.#send(request, timed);
    if (answer.statusCode === 404) return { value: undefined, length: 0 };
    const text = await textOf(answer, timed);
    try {
      const read: unknown = JSON.parse(text);
      if (typeof read === 'object' && read !== null) return { value: read, length: text.length };
    } catch {
      // What is no JSON fails below, as what is no object does.
    }
    throw invalidAnswerError(timed.call, `the answer starts ${JSON.stringify(text.slice(0, 60))}`);
  }

  /** Sends again where the request was refused for credentials and there are others by now. */
  async #send(request: Request, timed: Timed): Promise<Dispatcher.ResponseData> {
    const access = await this.#access(timed);
    try {
      return await this.#sendAs(request, timed, access);
    } catch (error) {
      if (!(error instanceof ApiError) || !refusesCredentials(error)) throw error;
      const renewed = await this.#credentials.renewed(access);
      if (renewed === undefined) throw error;
      return await this.#sendAs(request, timed, renewed);
    }
  }

  async #access({ call }: Timed): Promise<ServerAccess> {
    try {
      return await this.#credentials.current();
    } catch (error) {
      this.#breaker.endProbe();
      throw credentialsError(call, error);
    }
  }

  async #sendAs(request: Request, timed: Timed, access: ServerAccess): Promise<Dispatcher.ResponseData> {
    try {
      const answer = await this.#dispatch(request, timed, access);
      this.counts.add(request.verb, String(answer.statusCode));
      await this.#checkStatus(answer, timed);
      this.#breaker.succeeded();
      return answer;
    } catch (error) {
      throw this.#failure(timed, error);
    }
  }

  async #dispatch(request: Request, timed: Timed, access: ServerAccess): Promise<Dispatcher.ResponseData> {
    timed.signal.throwIfAborted();
    const { verb, ref, query, body } = request;
    const url = new URL(access.server);
    const type = body === undefined ? {} : { 'content-type': contentType(verb) };
    return await this.#connection.dispatcher(access.transport).request({
      origin: url.origin,
      path: `${url.pathname.replace(/\/$/, '')}${urlPath(ref, query)}`,
      method: METHODS[verb],
      headers: { accept: 'application/json', 'user-agent': this.#userAgent, ...type, ...access.headers },
      body: body === undefined ? null : JSON.stringify(body),
      signal: timed.signal,
    });
  }

  /** Throws for a refusal; to delete what is not found succeeds. */
  async #checkStatus({ statusCode, headers, body }: Dispatcher.ResponseData, { call }: Timed): Promise<void> {
    if (statusCode >= 200 && statusCode < 300) return;
    const text = await startOf(body);
    if (statusCode === 404 && call.verb === 'delete') return;
    throw refusedError(call, refusalOf(statusCode, text, [headers['retry-after']].flat()[0]));
  }

  /** Reports the failure to the circuit breaker and returns it as the caller sees it. */
  #failure({ call, signal, failure }: Timed, error: unknown): unknown {
    if (error instanceof ApiError) {
      if (isServerFailure(error)) this.#breaker.failed(error.retryAfter);
      else this.#breaker.succeeded();
      return error;
    }
    if (signal.aborted && failure === undefined) {
      this.#breaker.endProbe();
      return signal.reason;
    }
    this.counts.add(call.verb, 'error');
    this.#breaker.failed(undefined);
    return failure ?? unreachableError(call, error);
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    const linked = new Linked([signal, this.#closed.signal]);
    await this.#clock.sleep(milliseconds, linked.signal);
    linked.release();
  }
}

/** A server refuses an expired client certificate by ending the handshake: other credentials may help. */
function refusesCredentials({ status, reason }: ApiError): boolean {
  return status === 401 || (status === 0 && /CERT|SIGNATURE|ISSUER|SSL|TLS/.test(reason));
}

async function textOf({ body }: Dispatcher.ResponseData, timed: Timed): Promise<string> {
  try {
    const text = await body.text();
    // undici frees a connection one turn of the event loop later: a call before that would open another connection.
    await yieldToEventLoop();
    return text;
  } catch (error) {
    throw timed.failure ?? unreachableError(timed.call, error);
  }
}

function contentType(verb: ApiVerb): string {
  if (verb === 'apply') return 'application/apply-patch+yaml';
  return verb === 'patch' ? 'application/merge-patch+json' : 'application/json';
}

async function startOf(body: Dispatcher.ResponseData['body']): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      length += chunk.length;
      if (length > LONGEST_REFUSAL) break;
    }
  } catch {
    // The status code alone makes a refusal.
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_REFUSAL).toString('utf8');
}
