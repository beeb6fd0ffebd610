import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { KubeConfig, type User } from '@kubernetes/client-node';
import { parse } from 'yaml';

export interface ConfigOptions {
  /**
   * A file, or several as KUBECONFIG lists them: of a name that several define, the first counts. Absent: the service
   * account of the pod. The variable KUBECONFIG itself is not read.
   */
  readonly kubeconfig?: string | readonly string[] | undefined;
  /** Absent: the current context of the kubeconfig. */
  readonly context?: string | undefined;
  /** Prefix of /var/run/secrets in a pod. */
  readonly root?: string | undefined;
}

/** The server and the account that a kubeconfig or the pod names. Throws, with what to do, where there is none. */
export function loadConfig(options: ConfigOptions): KubeConfig {
  const { kubeconfig } = options;
  const config = kubeconfig === undefined ? podConfig(options.root ?? '') : configOf(kubeconfig);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  checkConfig(config, kubeconfig === undefined ? 'the pod' : [kubeconfig].flat().join(', '));
  return config;
}

function configOf(kubeconfig: string | readonly string[]): KubeConfig {
  return typeof kubeconfig === 'string' ? fileConfig(kubeconfig) : mergedConfig(kubeconfig);
}

/** As kubectl reads KUBECONFIG: missing files are skipped. */
function mergedConfig(paths: readonly string[]): KubeConfig {
  const configs = paths.filter(path => existsSync(path)).map(fileConfig);
  if (configs.length === 0)
    throw new Error(`Cannot find a cluster: there is no ${paths.join(', ')}; name a file by --kubeconfig`);
  const merged = new KubeConfig();
  merged.loadFromOptions({
    clusters: firstOfName(configs.flatMap(config => config.getClusters())),
    users: firstOfName(configs.flatMap(config => config.getUsers())),
    contexts: firstOfName(configs.flatMap(config => config.getContexts())),
    currentContext: configs.map(config => config.getCurrentContext()).find(name => name) ?? '',
  });
  return merged;
}

function firstOfName<T extends { readonly name: string }>(all: readonly T[]): T[] {
  return all.filter((one, at) => all.findIndex(({ name }) => name === one.name) === at);
}

function podConfig(root: string): KubeConfig {
  const token = `${root}/var/run/secrets/kubernetes.io/serviceaccount/token`;
  if (!process.env['KUBERNETES_SERVICE_HOST'] || !existsSync(token))
    throw new Error(
      'Cannot find a cluster: this is no pod with a service account; name a file by --kubeconfig, or give a folder by --manifests',
    );
  const config = new KubeConfig();
  config.loadFromCluster(root);
  return config;
}

function fileConfig(path: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readFileSync(path, 'utf8');
    config.loadFromFile(resolve(path));
    // The library's loadYaml would bring its 1,200 generated classes into the bundle, and into memory.
    config.users = withTokenFiles(config.getUsers(), parse(text) as RawConfig, dirname(resolve(path)));
  } catch (error) {
    const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : error;
    throw new Error(`Cannot read kubeconfig ${path}: ${why}`, { cause: error });
  }
  return config;
}

interface RawConfig {
  readonly users?: readonly {
    readonly name?: string;
    readonly user?: { readonly tokenFile?: unknown } | null;
  }[];
}

/** The library (2.0.1) ignores kubectl's `tokenFile`, which takes precedence over a token. */
function withTokenFiles(users: readonly User[], { users: raw = [] }: RawConfig, folder: string): User[] {
  return users.map(user => {
    const file = raw.find(({ name }) => name === user.name)?.user?.tokenFile;
    if (typeof file !== 'string' || file === '') return user;
    return { ...user, authProvider: { name: 'tokenFile', config: { tokenFile: resolve(folder, file) } } };
  });
}

function checkConfig(config: KubeConfig, from: string): void {
  const name = config.getCurrentContext();
  const names = config.getContexts().map(context => context.name);
  if (!names.includes(name))
    throw new Error(`Cannot use context ${name} of ${from}: it has ${names.join(', ') || 'none'}`);
  const cluster = config.getCurrentCluster();
  if (!cluster?.server) throw new Error(`Cannot use context ${name} of ${from}: its cluster is not defined`);
  if (!URL.canParse(cluster.server))
    throw new Error(`Cannot use cluster ${cluster.name} of ${from}: server ${cluster.server} is no URL`);
  // Anybody on the way reads a token that is sent over plain HTTP.
  if (cluster.server.startsWith('http:') && cluster.skipTLSVerify !== true)
    throw new Error(
      `Cannot use cluster ${cluster.name} of ${from}: ${cluster.server} is not encrypted; use https, or say insecure-skip-tls-verify: true`,
    );
}
