import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { parseManifest } from '../operator/api/parse/manifest.ts';
import { outerLayout } from '../operator/core/layout.ts';
import { REPOSITORY } from './crdschema.ts';

const PAGES = [
  ...pagesIn(REPOSITORY, false),
  ...['docs', 'native', 'bench', 'examples'].flatMap(name => pagesIn(join(REPOSITORY, name), true)),
];

describe('docs', () => {
  for (const page of PAGES) {
    const text = readFileSync(page, 'utf8');
    const name = relative(REPOSITORY, page);

    it(`${name} links to files and headings that are there`, () => {
      expect(linksOf(text).filter(link => !resolves(page, link))).to.deep.equal([]);
    });

    const examples = manifestsIn(text);
    if (examples.length === 0) continue;
    it(`${name} shows manifests that are taken as they stand`, () => {
      expect(examples.flatMap(problemsOf)).to.deep.equal([]);
    });
  }
});

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
