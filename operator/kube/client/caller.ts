import type { Dispatcher } from 'undici';
import { Backoff } from '../../timing/backoff.ts';
import type { Clock } from '../../timing/clock.ts';
import { yieldToEventLoop } from '../../timing/sliced.ts';
import type { CallOptions } from '../client.ts';
import { refusalOf } from './answer.ts';
import { type ConfigOptions, loadConfig } from './config.ts';
import { Connection } from './connection.ts';
import { ApiCallCounts } from './counts.ts';
import { Credentials, type ServerAccess } from './credentials.ts';
import {
  type ApiCall,
  ApiError,
  type ApiVerb,
  credentialsError,
  invalidAnswerError,
  refusedError,
  unreachableError,
} from './error.ts';
import { CircuitBreaker } from './pacing/circuitbreaker.ts';
import { ConcurrencyLimit } from './pacing/concurrency.ts';
import { mayRepeat, tellsOfServer } from './pacing/retry.ts';
import { type Query, type ResourceRef, urlPath } from './resource.ts';
import { Linked, Timed } from './timed.ts';

export interface Request {
  readonly verb: ApiVerb;
  readonly ref: ResourceRef;
  readonly query?: Query;
  readonly body?: object;
  /** 404 is as good as done. */
  readonly mayMiss?: boolean;
}

export interface Sized<T> {
  readonly value: T;
  readonly length: number;
}

interface CallerOptions extends ConfigOptions {
  readonly userAgent: string;
  readonly concurrency?: number;
  readonly clock: Clock;
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
/** A refusal is told in a few words; what follows is not read. */
const LONGEST_REFUSAL = 64 * 1024;

/** Sends requests: credentials, connections, patience and counting in one place. */
export class Caller {
  readonly server: string;
  readonly namespace: string | undefined;
  readonly counts = new ApiCallCounts();
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #credentials: Credentials;
  readonly #connection = new Connection();
  readonly #gate: CircuitBreaker;
  readonly #slots: ConcurrencyLimit;
  readonly #closed = new AbortController();

  constructor(options: CallerOptions) {
    const config = loadConfig(options);
    this.server = config.getCurrentCluster()!.server;
    this.namespace = config.getContextObject(config.getCurrentContext())?.namespace;
    this.#userAgent = options.userAgent;
    this.#clock = options.clock;
    this.#credentials = new Credentials(() => loadConfig(options), options.clock);
    this.#gate = new CircuitBreaker(options.clock);
    this.#slots = new ConcurrencyLimit(options.concurrency ?? 8);
  }

  /** The answer's JSON. */
  async json<T>(request: Request, options: CallOptions = {}): Promise<T> {
    return (await this.sized<T>(request, options)).value;
  }

  /** The answer's JSON and how long it was, after as many attempts as are safe. */
  async sized<T>(request: Request, options: CallOptions = {}): Promise<Sized<T>> {
    const backoff = new Backoff(this.#clock);
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt<T>(request, options);
      } catch (error) {
        const last = attempt >= (options.attempts ?? ATTEMPTS) || options.signal?.aborted === true;
        if (last || this.#closed.signal.aborted || !mayRepeat(request.verb, error)) throw error;
        const asked = error.retryAfter ?? 0;
        const wait = Math.max(backoff.next(), asked * (1 + this.#clock.random() / 2));
        await this.#sleep(wait, options.signal);
      }
    }
  }

  /** The bytes of an answer that does not end; the caller's signal ends it. */
  async stream(request: Request, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>> {
    const timed = new Timed(this.#clock, this.#asked(request), [signal, this.#closed.signal]);
    try {
      await this.#gate.pass(timed.signal);
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
    const release = urgent ? () => {} : await this.#slots.take();
    const timed = new Timed(this.#clock, this.#asked(request), [options.signal, this.#closed.signal]);
    try {
      if (!urgent) await this.#gate.pass(timed.signal);
      timed.start(options.timeoutMs ?? TIMEOUT_MS);
      return (await this.#answered(request, timed)) as Sized<T>;
    } finally {
      timed.end();
      release();
    }
  }

  async #answered(request: Request, timed: Timed): Promise<Sized<unknown>> {
    const answer = await this.#send(request, timed);
    if (answer.statusCode === 404) return { value: undefined, length: 0 };
    const text = await this.#text(request, timed, answer);
    try {
      const read: unknown = JSON.parse(text);
      if (typeof read === 'object' && read !== null) return { value: read, length: text.length };
    } catch {
      // Told below: what is no JSON and what is no object are the same to us.
    }
    throw invalidAnswerError(this.#asked(request), `the answer starts ${JSON.stringify(text.slice(0, 60))}`);
  }

  async #text(request: Request, timed: Timed, { body }: Dispatcher.ResponseData): Promise<string> {
    try {
      const text = await body.text();
      // undici frees a connection a turn of the event loop later: a call before that would open another.
      await yieldToEventLoop();
      return text;
    } catch (error) {
      throw timed.failure ?? unreachableError(this.#asked(request), error);
    }
  }

  /** One request; a second one where the first was refused for credentials that have been renewed since. */
  async #send(request: Request, timed: Timed): Promise<Dispatcher.ResponseData> {
    const access = await this.#access(request);
    try {
      return await this.#sendAs(request, timed, access);
    } catch (error) {
      if (!(error instanceof ApiError) || !doubtsUs(error)) throw error;
      const renewed = await this.#credentials.renewed(access);
      if (renewed === undefined) throw error;
      return await this.#sendAs(request, timed, renewed);
    }
  }

  async #access(request: Request): Promise<ServerAccess> {
    try {
      return await this.#credentials.current();
    } catch (error) {
      this.#gate.abandoned();
      throw credentialsError(this.#asked(request), error);
    }
  }

  async #sendAs(request: Request, timed: Timed, access: ServerAccess): Promise<Dispatcher.ResponseData> {
    try {
      const answer = await this.#dispatch(request, timed, access);
      this.counts.add(request.verb, String(answer.statusCode));
      await this.#refuse(request, answer);
      this.#gate.succeeded();
      return answer;
    } catch (error) {
      throw this.#judged(request, timed, error);
    }
  }

  async #dispatch(request: Request, timed: Timed, access: ServerAccess): Promise<Dispatcher.ResponseData> {
    timed.signal.throwIfAborted();
    const url = new URL(access.server);
    const prefix = url.pathname === '/' ? '' : url.pathname.replace(/\/$/, '');
    return await this.#connection.dispatcher(access.transport).request({
      origin: url.origin,
      path: `${prefix}${urlPath(request.ref, queryOf(request))}`,
      method: METHODS[request.verb],
      headers: { ...this.#headers(request), ...access.headers },
      body: request.body === undefined ? null : JSON.stringify(request.body),
      signal: timed.signal,
    });
  }

  async #refuse(request: Request, answer: Dispatcher.ResponseData): Promise<void> {
    if (answer.statusCode >= 200 && answer.statusCode < 300) return;
    const retryAfter = answer.headers['retry-after'];
    const text = await startOf(answer.body);
    if (answer.statusCode === 404 && request.mayMiss === true) return;
    const asked = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
    throw refusedError(this.#asked(request), refusalOf(answer.statusCode, text, asked));
  }

  /** Tells the gate what a failure says of the server, and everybody else what it was. */
  #judged(request: Request, timed: Timed, error: unknown): unknown {
    if (error instanceof ApiError) {
      if (tellsOfServer(error)) this.#gate.failed(error.retryAfter);
      else this.#gate.succeeded();
      return error;
    }
    if (timed.signal.aborted && timed.failure === undefined) {
      this.#gate.abandoned();
      return timed.signal.reason;
    }
    this.counts.add(request.verb, 'error');
    this.#gate.failed(undefined);
    return timed.failure ?? unreachableError(this.#asked(request), error);
  }

  #headers({ verb, body }: Request): Record<string, string> {
    const headers = { accept: 'application/json', 'user-agent': this.#userAgent };
    return body === undefined ? headers : { ...headers, 'content-type': contentType(verb) };
  }

  #asked({ verb, ref }: Request): ApiCall {
    return { verb, ref, server: this.server };
  }

  async #sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    const linked = new Linked([signal, this.#closed.signal]);
    await this.#clock.sleep(milliseconds, linked.signal);
    linked.release();
  }
}

/** A server that refuses an old certificate ends the handshake: renewing is worth a try. */
function doubtsUs({ status, reason }: ApiError): boolean {
  return status === 401 || (status === 0 && /CERT|SIGNATURE|ISSUER|SSL|TLS/.test(reason));
}

function queryOf({ verb, query }: Request): Query {
  return verb === 'get' || verb === 'delete' ? {} : (query ?? {});
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
    // The status code is told in any case.
  }
  return Buffer.concat(chunks).subarray(0, LONGEST_REFUSAL).toString('utf8');
}
