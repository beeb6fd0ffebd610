import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect } from 'chai';
import { expectNone } from './testing/none.ts';
import { ROOT } from './testing/root.ts';
import { isOfTests, type Source, sources } from './testing/sources.ts';

const EVERYTHING = 'everything of ours';

/**
 * Folder or file → what it may import beside itself, with the folders below that have no row. The narrowest row counts.
 * ARCHITECTURE.md has the same table.
 */
const MAY: Readonly<Record<string, readonly string[]>> = {
  api: [],
  core: ['api'],
  'core/sha256.ts': ['node:crypto'],
  timing: ['core'],
  kernel: ['api', 'core'],
  'kernel/libbpf': ['api', 'core', 'kernel', 'timing', 'node:fs', 'node:os', 'node:path'],
  source: ['api', 'core'],
  'source/folder': ['api', 'core', 'source', 'timing', 'node:fs', 'node:path', 'node:worker_threads'],
  'source/cluster': ['api', 'core', 'kube', 'source', 'timing'],
  publish: ['api', 'core', 'node:fs', 'node:path'],
  'publish/cluster': ['api', 'core', 'kube', 'publish', 'timing'],
  kube: ['api', 'kube/client', 'timing', 'node:crypto'],
  'kube/client': [
    'api',
    'kube',
    'timing',
    'node:events',
    'node:fs',
    'node:fs/promises',
    'node:https',
    'node:path',
    'node:util',
  ],
  ledger: ['api', 'core', 'kernel', 'timing'],
  agent: ['api', 'core', 'kernel', 'ledger', 'publish', 'source', 'timing'],
  controller: ['api', 'core', 'kube', 'timing'],
  inspect: ['api', 'cli', 'core', 'kube', 'source/folder'],
  'inspect/kubectl.ts': ['node:child_process'],
  'inspect/plannode.ts': ['agent', 'api', 'cli', 'core', 'kernel/libbpf', 'kube', 'node:os'],
  support: ['api', 'support/metrics', 'timing', 'node:http'],
  'support/metrics': ['api', 'node:perf_hooks'],
  cli: ['api', 'core', 'kernel', 'ledger', 'support', 'node:fs', 'node:path', 'node:readline', 'node:util'],
  wiring: [EVERYTHING, 'node:fs', 'node:os'],
  'main.ts': [EVERYTHING, 'node:fs', 'node:path'],
};

/** Package → the one file that names it, of yaml one for each use; what talks to an API server, the one folder. */
const NAMED_BY: Readonly<Record<string, readonly string[]>> = {
  '@kubernetes/client-node': ['kube/client'],
  koffi: ['kernel/libbpf/library.ts'],
  'prom-client': ['support/metrics/registry.ts'],
  undici: ['kube/client'],
  winston: ['support/log.ts'],
  yaml: ['source/folder/yaml', 'cli/terminal/yaml.ts', 'kube/client'],
};

/** What would make the same input give another output, or later. */
const IMPURE = [
  'async',
  'await',
  'Promise',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
].concat(['Date', 'performance', 'Math.random', 'crypto', 'process', 'console', 'fetch', 'globalThis']);

describe('imports', () => {
  for (const place of Object.keys(MAY))
    it(`${place} imports only what its row allows`, () => {
      const files = operator().filter(({ path }) => !path.endsWith('.test.ts') && rowOf(path) === place);
      expect(files, `MAY in operator/imports.test.ts has a row for ${place}, where no file is`).not.to.be
        .empty;
      expectNone(
        files.flatMap(({ path, specifiers }) =>
          specifiers
            .filter(specifier => !may(path, specifier))
            .map(specifier => `operator/${path} names ${specifier}: ${rule(place, path, specifier)}`),
        ),
      );
    });

  it('every folder has a row', () => {
    const without = operator().filter(({ path }) => !isOfTests(path) && rowOf(path) === undefined);
    expectNone(without.map(({ path }) => `operator/${path} has no row in MAY of operator/imports.test.ts`));
  });

  it('nobody imports wiring and main.ts, which compose', () => {
    expectNone(
      operator().flatMap(({ path, specifiers }) =>
        specifiers
          .filter(specifier => /^(main\.ts|wiring\/)/.test(targetOf(path, specifier)))
          .filter(() => path !== 'main.ts' && rowOf(path) !== 'wiring')
          .map(specifier => `operator/${path} names ${specifier}: move what it needs below wiring`),
      ),
    );
  });

  it('every package at run time has a place that names it', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(Object.keys(NAMED_BY), 'NAMED_BY has not what package.json requires').to.have.members(
      Object.keys(dependencies),
    );
  });

  it('ARCHITECTURE.md has these tables', () => {
    const text = readFileSync(join(ROOT, 'ARCHITECTURE.md'), 'utf8');
    const section = text.split('\n## ').find(part => part.startsWith('What may import what'));
    const rows = section!.split('\n').filter(line => /^\| (?!---|folder|package)/.test(line));
    const wanted = [MAY, NAMED_BY].flatMap(table =>
      Object.entries(table).map(([name, row]) => `| ${name} | ${listed(row)} |`),
    );
    expect(rows, 'ARCHITECTURE.md has not what MAY and NAMED_BY say').to.deep.equal(wanted);
  });
});

describe('purity', () => {
  for (const place of ['api', 'core'])
    it(`${place} has no clock, randomness, timers, process, console and promises`, () => {
      const files = operator().filter(({ path }) => path.startsWith(`${place}/`) && !isOfTests(path));
      expectNone(
        files.flatMap(({ path, words }) =>
          IMPURE.filter(word => words.has(word)).map(
            word => `operator/${path} uses ${word}: ${place} is pure, hand in what comes of it`,
          ),
        ),
      );
    });
});

/** This folder's files, by their paths in it. */
function operator(): readonly Source[] {
  return sources()
    .filter(({ path }) => path.startsWith('operator/'))
    .map(source => ({ ...source, path: source.path.slice('operator/'.length) }));
}

/** The narrowest row: the file's own, then its folder's, then that folder's parent's. */
function rowOf(path: string): string | undefined {
  if (path in MAY) return path;
  return path.includes('/') ? rowOf(dirname(path)) : undefined;
}

/** A testing folder may import what its folder may, other testing folders, and any package. */
function may(path: string, specifier: string): boolean {
  const row = MAY[rowOf(path)!]!;
  if (!specifier.startsWith('.'))
    return isOfTests(path) || row.includes(specifier) || isNamedBy(path, specifier);
  const target = targetOf(path, specifier);
  if (isOfTests(target)) return isOfTests(path);
  const place = rowOf(dirname(target));
  if (place === undefined) return false;
  return place === rowOf(dirname(path)) || row.includes(place) || row.includes(EVERYTHING);
}

/** What an import breaks, as a failure says it. */
function rule(place: string, path: string, specifier: string): string {
  if (isOfTests(targetOf(path, specifier)))
    return 'only specs and testing folders import from testing folders';
  const named = NAMED_BY[specifier];
  return named === undefined ? `${place} may import ${listed(MAY[place]!)}` : `only ${listed(named)} may`;
}

function targetOf(path: string, specifier: string): string {
  return specifier.startsWith('.') ? normalize(join(dirname(path), specifier)) : specifier;
}

function isNamedBy(path: string, specifier: string): boolean {
  return (NAMED_BY[specifier] ?? []).some(place => path === place || path.startsWith(`${place}/`));
}

function listed(row: readonly string[]): string {
  return row.join(', ') || 'nothing';
}
