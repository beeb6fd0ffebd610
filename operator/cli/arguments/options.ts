import { present } from '../../api/parse/section.ts';
import { type Given, type NodeOptions, type Option, type ProcessOptions, UsageError } from '../command.ts';

/** Every command takes it; run.ts handles it. */
export const HELP: Option = { name: 'help', short: 'h', summary: 'show this help' };

export const BPFFS: Option = {
  name: 'bpffs',
  value: 'DIR',
  fallback: '/sys/fs/bpf',
  summary: 'the mounted bpffs to work in',
};

export const BPFFS_ON_NODE: Option = {
  name: 'bpffs-on-node',
  value: 'DIR',
  summary: 'where the node has that bpffs, for what is told (default: as --bpffs)',
};

export const RELEASE: Option = {
  name: 'release-removal',
  value: 'TOKEN',
  repeated: true,
  summary: 'let the held removal with this token go on',
};

export const NODE: readonly Option[] = [
  { name: 'node', value: 'NAME', summary: 'name of this node (default: the host name)' },
  {
    name: 'node-label',
    value: 'KEY=VALUE',
    repeated: true,
    summary: 'a label of this node, for node selectors',
  },
];

/** The cluster that an agent or a controller works for. */
export const OWN_CLUSTER: readonly Option[] = [
  {
    name: 'kubeconfig',
    value: 'FILE',
    summary: 'the cluster and who asks it (default in a pod: its service account)',
  },
  { name: 'context', value: 'NAME', summary: 'another context of the kubeconfig than its current one' },
];

export const LISTEN: Option = {
  name: 'listen',
  value: 'ADDRESS',
  summary: 'serve /metrics, /healthz and /readyz here, such as :9940',
};

export const LOG: readonly Option[] = [
  {
    name: 'log-level',
    value: 'LEVEL',
    choices: ['error', 'warn', 'info', 'debug'],
    fallback: 'info',
    summary: 'what to log: error, warn, info or debug',
  },
  {
    name: 'log-format',
    value: 'FORMAT',
    choices: ['text', 'json'],
    fallback: 'text',
    summary: 'text or json',
  },
];

/** The cluster to look at; without them `kubectl innermap` means kubectl's own, `innermap` this machine. */
export const CLUSTER: readonly Option[] = [
  { name: 'kubeconfig', value: 'FILE', summary: 'ask the cluster that this file names' },
  { name: 'context', value: 'NAME', summary: 'ask the cluster of this context' },
];

export function namespaceOption(summary: string): Option {
  return { name: 'namespace', short: 'n', value: 'NS', summary };
}

/** `-o`; the first choice is the fallback. */
export function outputOption(...choices: readonly string[]): Option {
  return {
    name: 'output',
    short: 'o',
    value: choices.join('|'),
    choices,
    fallback: choices[0]!,
    summary: 'form of the output',
  };
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `30s`, `500ms`, `2m`, `1h`, or plain seconds; in milliseconds. */
export function duration(given: Given, option: string): number {
  const text = given.text(option) ?? '';
  const [, digits, unit] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? [];
  const milliseconds = digits === undefined ? Number.NaN : Math.round(Number(digits) * UNITS[unit ?? 's']!);
  // Longer than setTimeout can wait is fired at once by Node: refuse it.
  if (milliseconds >= 100 && milliseconds <= 86_400_000) return milliseconds;
  throw new UsageError(
    `Option --${option} cannot be ${text}: write a time from 100ms to 24h, such as 30s or 2m`,
  );
}

/** The options of `agent` and `plan` about the node and its kernel. */
export function nodeOptions(given: Given): NodeOptions {
  return {
    ...present({ node: given.text('node') }),
    bpffs: directory(given),
    labels: labels(given.list('node-label')),
    releases: given.list('release-removal'),
  };
}

export function processOptions(given: Given): ProcessOptions {
  const [kubeconfig, context, listen] = ['kubeconfig', 'context', 'listen'].map(name => given.text(name));
  return {
    ...present({ kubeconfig, context, listen }),
    relistJitterMs: duration(given, 'relist-jitter'),
    logLevel: given.text('log-level')!,
    logFormat: given.text('log-format') === 'json' ? 'json' : 'text',
  };
}

/** The bpffs without a trailing slash: paths are put together with one. */
export function directory(given: Given, option = 'bpffs'): string {
  const text = given.text(option) ?? '';
  if (!text.startsWith('/'))
    throw new UsageError(`Option --${option} cannot be ${text}: write an absolute path, such as /sys/fs/bpf`);
  return text.length > 1 ? text.replace(/\/+$/, '') : text;
}

/** Where the node has the bpffs. */
export function directoryOnNode(given: Given): string {
  return directory(given, given.text('bpffs-on-node') === undefined ? 'bpffs' : 'bpffs-on-node');
}

function labels(pairs: readonly string[]): Record<string, string> {
  const labelOf = (pair: string) => {
    const at = pair.indexOf('=');
    if (at < 1)
      throw new UsageError(`Option --node-label cannot be ${pair}: write KEY=VALUE, such as zone=a`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  };
  return Object.fromEntries(pairs.map(labelOf));
}
