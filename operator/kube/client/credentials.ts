import { readFile } from 'node:fs/promises';
import type { RequestOptions } from 'node:https';
import { isDeepStrictEqual } from 'node:util';
import type { Cluster, KubeConfig, User } from '@kubernetes/client-node';
import type { Clock } from '../../timing/clock.ts';
import type { Transport } from './connection.ts';

/** Where the server is, and the credentials for it. The transport is the same object while its content is the same. */
export interface ServerAccess {
  readonly server: string;
  readonly transport: Transport;
  readonly headers: Readonly<Record<string, string>>;
}

/** Tokens and certificates are rotated on disk: files are read again after this time. */
const FRESH_MS = 60_000;
/** Between two renewals, however many calls are refused. */
const RENEWAL_MS = 1_000;

/** Reads the credentials that a configuration names, again after a while and when they are refused. */
export class Credentials {
  readonly #load: () => KubeConfig;
  readonly #clock: Clock;
  #config: KubeConfig;
  #access: ServerAccess | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #reading: Promise<ServerAccess> | undefined;
  #renewing: Promise<void> | undefined;

  constructor(load: () => KubeConfig, clock: Clock) {
    this.#load = load;
    this.#clock = clock;
    this.#config = load();
  }

  /** A file that cannot be read later keeps the credentials: several files of a mount are not swapped at once. */
  async current(): Promise<ServerAccess> {
    if (this.#access !== undefined && this.#clock.now() - this.#readAt < FRESH_MS) return this.#access;
    try {
      return await this.#read();
    } catch (error) {
      if (this.#access === undefined) throw error;
      this.#readAt = this.#clock.now() - FRESH_MS + RENEWAL_MS;
      return this.#access;
    }
  }

  /** Called when `refused` got a 401 or a TLS failure. Returns other credentials, or nothing where there are none yet. */
  async renewed(refused: ServerAccess): Promise<ServerAccess | undefined> {
    if (this.#isOther(refused)) return this.#access;
    if (this.#renewing === undefined && this.#clock.now() - this.#renewedAt < RENEWAL_MS) return undefined;
    // Many calls are refused at once: one renewal serves all.
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    await this.#renewing;
    return this.#isOther(refused) ? this.#access : undefined;
  }

  #isOther(refused: ServerAccess): boolean {
    return this.#access !== undefined && !isDeepStrictEqual(this.#access, refused);
  }

  /** A failure is left to the next call, which reads again; until then the refusal stands. */
  async #renew(): Promise<void> {
    this.#renewedAt = this.#clock.now();
    try {
      this.#config = this.#load();
      await this.#read();
    } catch {
      this.#readAt = Number.NEGATIVE_INFINITY;
    }
  }

  #read(): Promise<ServerAccess> {
    this.#reading ??= accessOf(this.#config)
      .then(access => {
        const before = this.#access?.transport;
        const transport = isDeepStrictEqual(before, access.transport) ? before! : access.transport;
        this.#readAt = this.#clock.now();
        this.#access = { ...access, transport };
        return this.#access;
      })
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }
}

async function accessOf(config: KubeConfig): Promise<ServerAccess> {
  const cluster = config.getCurrentCluster();
  const user = config.getCurrentUser();
  if (cluster === null) throw new Error('Cannot call the API server: the context names no cluster');
  const plugin = await pluginAccess(config, user);
  const [ca, cert, key] = await Promise.all([
    bytesOf(cluster.caFile, cluster.caData),
    plugin.cert ?? bytesOf(user?.certFile, user?.certData),
    plugin.key ?? bytesOf(user?.keyFile, user?.keyData),
  ]);
  const transport = {
    ca,
    cert,
    key,
    serverName: cluster.tlsServerName,
    skipVerify: cluster.skipTLSVerify === true,
    proxy: proxyOf(cluster),
  };
  return {
    server: cluster.server,
    transport,
    headers: { ...plugin.headers, ...(user === null ? {} : await userHeaders(user)) },
  };
}

type PluginAccess = Pick<ServerAccess, 'headers'> & Pick<Transport, 'cert' | 'key'>;

/** The library runs the commands and providers that a kubeconfig names. */
async function pluginAccess(config: KubeConfig, user: User | null): Promise<PluginAccess> {
  if (user === null || tokenFileOf(user) !== undefined || !(user.authProvider || user.exec))
    return { headers: {} };
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) => [name, String(value)]);
  return {
    headers: Object.fromEntries(headers),
    cert: user.exec && options.cert ? Buffer.from(String(options.cert)) : undefined,
    key: user.exec && options.key ? Buffer.from(String(options.key)) : undefined,
  };
}

async function userHeaders(user: User): Promise<Record<string, string>> {
  const headers: Record<string, string> = {};
  const file = tokenFileOf(user);
  const token = (file === undefined ? user.token : (await readNamed(file)).toString('utf8'))?.trim();
  const basic = Buffer.from(`${user.username}:${user.password ?? ''}`).toString('base64');
  if (user.username) headers['Authorization'] = `Basic ${basic}`;
  if (token !== undefined && token !== '') headers['Authorization'] = `Bearer ${token}`;
  if (file !== undefined && token === '') throw new Error(`Cannot use token file ${file}: it is empty`);
  if (user.impersonateUser) headers['Impersonate-User'] = user.impersonateUser;
  return headers;
}

function tokenFileOf(user: User): string | undefined {
  const file: unknown = user.authProvider?.config?.['tokenFile'];
  return typeof file === 'string' && file !== '' ? file : undefined;
}

async function bytesOf(file: string | undefined, data: string | undefined): Promise<Buffer | undefined> {
  if (file) return readNamed(file);
  return data ? Buffer.from(data, 'base64') : undefined;
}

async function readNamed(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new Error(`Cannot read ${file}: ${(error as NodeJS.ErrnoException).code ?? error}`, {
      cause: error,
    });
  }
}

function proxyOf(cluster: Cluster): string | undefined {
  const proxy = cluster.proxyUrl;
  if (!proxy) return undefined;
  if (/^https?:/.test(proxy)) return proxy;
  throw new Error(
    `Cannot use proxy ${proxy} of cluster ${cluster.name}: only http and https proxies are known`,
  );
}
