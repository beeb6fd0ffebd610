import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { parseManifest } from '../operator/api/parse/manifest.ts';
import { outerLayout } from '../operator/core/layout/outer.ts';
import { REPOSITORY } from './crdschema.ts';

const PAGES = [
  ...pagesIn(REPOSITORY, false),
  ...['docs', 'native', 'bench', 'examples', 'charts'].flatMap(name => pagesIn(join(REPOSITORY, name), true)),
];

const OPERATING = ['operating.md', 'operating-cluster.md'].map(name => text('docs', name)).join('\n');
const FILES = join('charts', 'innermap-operator', 'files');

describe('docs', () => {
  it('tell of every alert', () => {
    const alerts = [...text(FILES, 'rules.yaml').matchAll(/- alert: (\w+)/g)].map(match => match[1]!);
    expect(alerts).not.to.deep.equal([]);
    expect(alerts.filter(alert => !OPERATING.includes(`\`${alert}\``))).to.deep.equal([]);
  });

  it('tell of every metric that an alert or the dashboard reads', () => {
    const read = `${text(FILES, 'rules.yaml')}${text(FILES, 'dashboard.json')}`;
    const names = [...read.matchAll(/innermap_(\w+?)(?:_bucket|_sum|_count)?\b/g)].map(match => match[1]!);
    expect(names.filter(name => !OPERATING.includes(`\`${name}`))).to.deep.equal([]);
  });

  for (const name of readdirSync(join(REPOSITORY, 'docs')).filter(name => name.endsWith('.svg')))
    it(`${name} says what it shows, has colours for dark and light, and a ground of its own`, () => {
      const parts = ['role="img"', 'aria-label', '@media (prefers-color-scheme: dark)', 'class="ground"'];
      expect(parts.filter(part => !text('docs', name).includes(part))).to.deep.equal([]);
    });

  it('your-program.md names a spec for each program of others that was tried, and no other', () => {
    const [, section = ''] = text('docs', 'your-program.md').split('## A program that is there already');
    const named = [...section.matchAll(/^\| (?:with|that|whose) .* \| ([^|]+) \|$/gm)].map(
      match => match[1]!,
    );
    const specs = text('e2e', 'program', 'programs.test.ts');
    const titles = [...specs.matchAll(/(?:it\('one|title: ') ?([^':]+)/g)].map(match => match[1]!.trim());
    expect(named.toSorted()).to.deep.equal(titles.toSorted());
  });

  for (const page of PAGES) {
    const name = relative(REPOSITORY, page);
    const content = text(name);

    it(`${name} links to files and headings that are there`, () => {
      expect(linksOf(content).filter(link => !resolves(page, link))).to.deep.equal([]);
    });

    const examples = manifestsIn(content);
    if (examples.length === 0) continue;
    it(`${name} shows manifests that are taken as they stand`, () => {
      expect(examples.flatMap(problemsOf)).to.deep.equal([]);
    });
  }
});

function text(...path: readonly string[]): string {
  return readFileSync(join(REPOSITORY, ...path), 'utf8');
}

function pagesIn(directory: string, deep: boolean): string[] {
  const names = readdirSync(directory, { recursive: deep, encoding: 'utf8' });
  return names
    .filter(name => name.endsWith('.md'))
    .map(name => join(directory, name))
    .sort();
}

/** Relative targets of links and images; code is no prose. */
function linksOf(text: string): string[] {
  const prose = text.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(match => match[1]!);
  return targets.filter(target => !/^[a-z]+:/.test(target));
}

function resolves(page: string, link: string): boolean {
  const [path = '', heading] = link.split('#');
  const target = path === '' ? page : join(dirname(page), path);
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(readFileSync(target, 'utf8')).includes(heading);
}

/** As the usual renderers name them: lower case, blanks to hyphens, punctuation away. */
function headingsOf(text: string): string[] {
  const titles = [...text.matchAll(/^#+ (.*)$/gm)].map(match => match[1]!);
  return titles.map(title =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

/** Whole objects in YAML blocks; excerpts without a kind are left alone. */
function manifestsIn(text: string): unknown[] {
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(match => match[1]!);
  const objects = blocks.flatMap(block =>
    parseAllDocuments(block).map(document => document.toJS() as unknown),
  );
  return objects.filter(object =>
    ['OuterMap', 'InnerMap'].includes((object as { kind?: string } | null)?.kind ?? ''),
  );
}

function problemsOf(object: unknown): string[] {
  const parsed = parseManifest(object);
  if (!parsed.ok) return parsed.problems.map(problem => problem.message);
  if (parsed.value.kind !== 'OuterMap') return [];
  const layout = outerLayout(parsed.value.outerMap);
  return layout.ok ? [] : layout.problems.map(problem => problem.message);
}
