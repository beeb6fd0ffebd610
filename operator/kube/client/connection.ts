import { Agent, type Dispatcher, ProxyAgent } from 'undici';

/** The settings of a connection. */
export interface Transport {
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  readonly serverName?: string | undefined;
  readonly skipVerify: boolean;
  readonly proxy?: string | undefined;
}

/** The pool of connections. A pool per request, or per reading of the credentials, would be a TLS handshake per request. */
export class Connection {
  #transport: Transport | undefined;
  #current: Dispatcher | undefined;
  readonly #open = new Set<Dispatcher>();
  #closed = false;

  /** Another transport has another pool; requests under way finish on the pool before. */
  dispatcher(transport: Transport): Dispatcher {
    if (this.#closed) throw new Error('Cannot call the API server: the client is closed');
    if (this.#current !== undefined && this.#transport === transport) return this.#current;
    if (this.#current !== undefined) this.#retire(this.#current);
    this.#transport = transport;
    this.#current = dispatcherOf(transport);
    this.#open.add(this.#current);
    return this.#current;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#open].map(dispatcher => dispatcher.destroy()));
    this.#open.clear();
  }

  #retire(old: Dispatcher): void {
    const forget = (): void => {
      this.#open.delete(old);
    };
    old.close().then(forget, forget);
  }
}

function dispatcherOf({ ca, cert, key, serverName: servername, skipVerify, proxy }: Transport): Dispatcher {
  const tls = { ca, cert, key, servername, ...(skipVerify ? { rejectUnauthorized: false } : {}) };
  const pool = {
    allowH2: false,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    headersTimeout: 35_000,
    // Watches are silent for a minute: the reflector has a limit of its own.
    bodyTimeout: 0,
  };
  const connect = { timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 };
  if (proxy === undefined) return new Agent({ ...pool, connect: { ...connect, ...tls } });
  return new ProxyAgent({ ...pool, uri: proxy, requestTls: tls, connect });
}
