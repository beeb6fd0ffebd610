import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { expect } from 'chai';

/** Folder → what it may import: our folders first, then packages. The table of CONTRIBUTING.md, as data. */
const MAY: Readonly<Record<string, { ours: readonly string[]; others: readonly string[] }>> = {
  api: { ours: ['api'], others: [] },
  core: { ours: ['api', 'core'], others: [] },
  'core/sha256.ts': { ours: [], others: ['node:crypto'] },
  'core/testing': { ours: ['api', 'core'], others: ['fast-check'] },
  'core/status/testing': { ours: ['api', 'core', 'core/testing'], others: [] },
  timing: { ours: ['core', 'timing'], others: [] },
  kernel: { ours: ['api', 'core', 'kernel'], others: [] },
  'kernel/testing/contract.ts': { ours: ['kernel', 'kernel/testing/contract'], others: ['chai'] },
  'kernel/testing/contract': { ours: ['api', 'core', 'kernel', 'kernel/testing/contract'], others: ['chai'] },
  'kernel/testing/fake': {
    ours: ['api', 'core', 'kernel', 'kernel/testing/contract', 'kernel/testing/fake'],
    others: [],
  },
  'kernel/testing/fake.ts': { ours: ['kernel', 'kernel/testing/fake'], others: [] },
  'kernel/libbpf': {
    ours: ['api', 'core', 'kernel', 'kernel/libbpf', 'timing'],
    others: ['node:fs', 'node:path', 'node:os', 'node:url'],
  },
  'kernel/libbpf/library.ts': { ours: ['kernel', 'kernel/libbpf'], others: ['koffi', 'node:fs'] },
  source: { ours: ['api', 'core', 'source'], others: [] },
  'source/folder': {
    ours: ['api', 'core', 'source', 'source/folder', 'timing'],
    others: ['node:fs', 'node:path', 'node:worker_threads'],
  },
  'source/folder/yaml.ts': { ours: ['api', 'source/folder'], others: ['yaml'] },
  'source/folder/testing': {
    ours: ['api', 'core', 'source', 'source/folder', 'source/folder/testing'],
    others: ['fast-check', 'node:fs', 'node:os', 'node:path'],
  },
  'source/cluster': {
    ours: ['api', 'core', 'kube', 'timing', 'source', 'source/cluster'],
    others: [],
  },
  'source/cluster/testing': {
    ours: ['core', 'kube', 'kube/testing', 'source/cluster'],
    others: [],
  },
  'publish/cluster': {
    ours: ['api', 'core', 'kube', 'timing', 'publish', 'publish/cluster'],
    others: [],
  },
  'publish/cluster/testing': {
    ours: ['api', 'core', 'kube', 'kube/testing', 'publish/cluster'],
    others: ['node:http'],
  },
  publish: { ours: ['api', 'core', 'publish'], others: ['node:fs', 'node:path'] },
  ledger: { ours: ['api', 'core', 'kernel', 'timing', 'ledger'], others: [] },
  kube: { ours: ['api', 'kube', 'kube/client', 'timing'], others: ['node:crypto'] },
  'kube/client': {
    ours: ['api', 'kube', 'kube/client', 'timing'],
    others: [
      '@kubernetes/client-node',
      'undici',
      'yaml',
      'node:crypto',
      'node:events',
      'node:fs',
      'node:fs/promises',
      'node:https',
      'node:path',
    ],
  },
  'kube/testing': {
    ours: ['api', 'kube', 'kube/client', 'kube/testing', 'timing'],
    others: ['node:child_process', 'node:fs', 'node:http', 'node:net', 'node:os', 'node:path'],
  },
  agent: {
    ours: ['api', 'core', 'kernel', 'source', 'publish', 'timing', 'ledger', 'agent'],
    others: [],
  },
  'agent/testing': {
    ours: ['api', 'core', 'kernel', 'kernel/testing/fake', 'source', 'publish', 'agent', 'agent/testing'],
    others: ['chai'],
  },
  'cli/testing': {
    ours: [
      'api',
      'core',
      'kernel',
      'kernel/testing/fake',
      'kernel/libbpf',
      'cli',
      'cli/testing',
      'agent',
      'agent/testing',
      'source/folder',
    ],
    others: ['chai', 'node:fs', 'node:os', 'node:path', 'node:util', 'node:child_process', 'yaml'],
  },
  controller: { ours: ['api', 'core', 'kube', 'timing', 'controller'], others: [] },
  'controller/testing': {
    ours: ['api', 'core', 'kube', 'kube/testing', 'controller', 'controller/testing'],
    others: [],
  },
  support: {
    ours: ['support', 'support/metrics', 'api'],
    others: ['node:http'],
  },
  'support/log.ts': { ours: [], others: ['winston'] },
  'support/metrics': { ours: ['api', 'support/metrics'], others: ['node:perf_hooks'] },
  'support/metrics/registry.ts': { ours: [], others: ['prom-client'] },
  'cli/terminal/yaml.ts': { ours: [], others: ['yaml'] },
  cli: {
    ours: ['api', 'core', 'kernel', 'ledger', 'support', 'cli'],
    others: ['node:util', 'node:fs', 'node:path', 'node:readline'],
  },
};

const ROOT = join(import.meta.dirname, '..', '..', 'operator');

describe('imports', () => {
  for (const file of sourceFiles(ROOT)) {
    it(`${file} imports only what its folder may`, () => {
      const rule = ruleOf(file);
      if (rule === undefined) return;
      const wrong = importsOf(file).filter(name => !allowed(file, name, rule));
      expect(wrong).to.deep.equal([]);
    });
  }
});

function* sourceFiles(directory: string): Generator<string> {
  for (const name of readdirSync(directory).sort()) {
    const path = join(directory, name);
    if (statSync(path).isDirectory()) yield* sourceFiles(path);
    else if (path.endsWith('.ts') && !path.endsWith('.test.ts') && !composes(relative(ROOT, path)))
      yield relative(ROOT, path);
  }
}

/** The composition root knows everything, and nobody's table has it. */
function composes(file: string): boolean {
  return file === 'main.ts' || file.startsWith('wiring/');
}

/** The narrowest rule: the file's own, then its folder's, then that folder's parent's. */
function ruleOf(file: string) {
  for (let place = file; place !== '.'; place = dirname(place))
    if (MAY[place] !== undefined) return MAY[place];
  return undefined;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^(?:import|export)\b[^'"]*?\bfrom\s+['"]([^'"]+)['"]/gms)].map(
    match => match[1]!,
  );
}

function allowed(
  file: string,
  name: string,
  rule: { ours: readonly string[]; others: readonly string[] },
): boolean {
  if (!name.startsWith('.')) return rule.others.includes(name);
  const target = dirname(normalize(join(dirname(file), name)));
  return rule.ours.some(
    folder => target === folder || (target.startsWith(`${folder}/`) && MAY[target] === undefined),
  );
}
