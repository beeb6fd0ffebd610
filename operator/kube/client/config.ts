import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';

export interface ConfigOptions {
  /** Absent: the service account of the pod this runs in. Nobody's KUBECONFIG is taken unasked. */
  readonly kubeconfig?: string | undefined;
  /** Absent: the kubeconfig's current one. */
  readonly context?: string | undefined;
  /** In front of /var/run/secrets in a pod. */
  readonly root?: string | undefined;
}

/** Who and where, as a kubeconfig or the pod says. Throws what to do about it. */
export function loadConfig(options: ConfigOptions): KubeConfig {
  const config =
    options.kubeconfig === undefined ? podConfig(options.root ?? '') : fileConfig(options.kubeconfig);
  if (options.context !== undefined) config.setCurrentContext(options.context);
  checkConfig(config, options.kubeconfig ?? 'the pod');
  return config;
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
    readFileSync(path);
    config.loadFromFile(resolve(path));
  } catch (error) {
    const why = error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : error;
    throw new Error(`Cannot read kubeconfig ${path}: ${why}`, { cause: error });
  }
  return config;
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
  // A token over plain HTTP is everybody's.
  if (cluster.server.startsWith('http:') && cluster.skipTLSVerify !== true)
    throw new Error(
      `Cannot use cluster ${cluster.name} of ${from}: ${cluster.server} is not encrypted; use https, or say insecure-skip-tls-verify: true`,
    );
}
