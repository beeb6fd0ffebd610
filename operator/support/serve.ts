import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { limitConnections } from './connections.ts';
import { listenAddress } from './listen.ts';

export interface Served {
  /** `:9940`, `127.0.0.1:0`, `[::1]:9940`. */
  readonly listen: string;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  /** The reason to restart this process; undefined while all is well. */
  readonly unhealthy: () => string | undefined;
  /** The reason that it does not do its work yet; undefined when it does. */
  readonly unready: () => string | undefined;
}

export interface Serving {
  /** `127.0.0.1:41234`: with the port that was chosen where 0 was given. */
  readonly address: string;
  /** Ends at once, responses under way included. */
  close(): Promise<void>;
}

/** Never a pipe or null: the server listens on a TCP address. */
type Bound = Exclude<ReturnType<Server['address']>, string | null>;

interface Answer {
  readonly code: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const PATHS: readonly string[] = ['/metrics', '/healthz', '/readyz'];
const PLAIN = 'text/plain; charset=utf-8';

/** For a kubelet and a Prometheus: few connections, one small request on each, quick responses. */
const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5000,
  requestTimeout: 5000,
  connectionsCheckingInterval: 1000,
} as const;
/** Also of an answer that nobody reads. */
const LONGEST_SILENCE_MS = 10_000;
const MOST_CONNECTIONS = 128;
/** Connections that arrive while the event loop is held up; the kernel leaves the others waiting for a second. */
const BACKLOG = 4096;

/** GET /metrics, /healthz and /readyz over plain HTTP. */
export async function serve(served: Served): Promise<Serving> {
  const server = createServer(LIMITS, (request, response) => {
    void respond(served, request, response);
  });
  server.setTimeout(LONGEST_SILENCE_MS);
  limitConnections(server, MOST_CONNECTIONS);
  await listening(server, served.listen);
  const { address, family, port } = server.address() as Bound;
  return {
    address: family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, text: string): Promise<void> {
  const address = listenAddress(text);
  if (address === undefined)
    throw new Error(
      `Cannot listen on ${text}: this is no address; write ADDRESS:PORT, such as :9940, 127.0.0.1:9940 or [::1]:9940`,
    );
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(text, error)));
    server.listen({ ...address, backlog: BACKLOG }, () => {
      server.removeAllListeners('error');
      // A connection that could not be accepted (EMFILE) must not end the process: clients try again
      server.on('error', () => {});
      resolve();
    });
  });
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there; end it, or choose another address by --listen',
  EACCES: 'this process may not use that port; choose one of 1024 or above by --listen',
  EADDRNOTAVAIL: 'this machine has no such address; choose one that it has by --listen',
  ENOTFOUND: 'no such host; choose an address of this machine by --listen',
};

function listenError(text: string, { code = '', message }: NodeJS.ErrnoException): Error {
  return new Error(
    `Cannot listen on ${text}: ${code || message}, ${ADVICE[code] ?? 'choose another by --listen'}`,
  );
}

async function respond(served: Served, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { code, type, text, headers } = await answerTo(served, request).catch(failed);
  response.writeHead(code, {
    'content-type': type,
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    // A connection that is kept would be closed as idle just when its next request comes
    connection: 'close',
    ...headers,
  });
  response.end(text);
}

async function answerTo(served: Served, { method, url = '' }: IncomingMessage): Promise<Answer> {
  const path = url.replace(/\?.*$/s, '');
  if (!PATHS.includes(path)) return plain(404, `Not found: there are ${PATHS.join(', ')}`);
  if (method !== 'GET' && method !== 'HEAD')
    return { ...plain(405, 'Only GET is answered here'), headers: { allow: 'GET, HEAD' } };
  if (path === '/healthz') return well(served.unhealthy());
  if (path === '/readyz') return well(served.unready());
  return { code: 200, type: served.metrics.contentType, text: await served.metrics.text() };
}

function well(reason: string | undefined): Answer {
  return reason === undefined ? plain(200, 'ok') : plain(503, reason);
}

function plain(code: number, text: string): Answer {
  return { code, type: PLAIN, text: `${text}\n` };
}

function failed(error: unknown): Answer {
  return plain(500, `Cannot answer: ${error instanceof Error ? error.message : String(error)}`);
}
