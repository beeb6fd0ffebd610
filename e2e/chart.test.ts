import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'chai';
import { parse } from 'yaml';
import { CHART, generatedFiles } from '../charts/generated.ts';
import { crdTemplate, policyTemplates } from '../charts/manifests.ts';
import { chartValues, readmeWith } from '../charts/readme.ts';
import { agentMetrics } from '../operator/support/metrics/agent.ts';
import { controllerMetrics } from '../operator/support/metrics/controller.ts';
import { REPOSITORY } from './crdschema.ts';

const MOST_VALUES = 25;
/** What alerts read that others measure. */
const FOREIGN_METRICS = ['kube_daemonset_status_number_unavailable'];

const read = (path: string): string => readFileSync(join(REPOSITORY, CHART, path), 'utf8');

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | object;
}

describe('chart', () => {
  const values = chartValues(read('values.yaml'));
  const schema: Schema = JSON.parse(read('values.schema.json'));

  for (const { path, text } of generatedFiles(REPOSITORY)) {
    it(`${path} is what it is made from (else: npm run build && node dist/charts/generate.js)`, () => {
      expect(read(path)).to.equal(text);
    });
  }

  it('no template is left of a manifest that is gone', () => {
    const generated = generatedFiles(REPOSITORY).map(({ path }) => path);
    for (const folder of ['templates/crds', 'templates/policies'])
      for (const name of readdirSync(join(REPOSITORY, CHART, folder)))
        expect(generated).to.include(`${folder}/${name}`);
  });

  it('its version, and the version of what it installs, are those of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8'));
    const chart = parse(read('Chart.yaml'));
    expect([chart.version, chart.appVersion]).to.deep.equal([version, version]);
  });

  it(`has at most ${MOST_VALUES} values, each of which says what it is`, () => {
    expect(values.length).to.be.within(1, MOST_VALUES);
    for (const { name, text } of values) expect(text, name).to.match(/^[A-Z].*\.$/);
  });

  for (const { name } of values)
    it(`values.schema.json says what ${name} may be`, () => {
      const found = name.split('.').reduce<Schema | undefined>((at, key) => at?.properties?.[key], schema);
      expect(found).to.be.an('object').that.is.not.empty;
    });

  it('values.schema.json knows no value that is not there, and takes no other', () => {
    const known = new Set(values.flatMap(({ name }) => prefixesOf(name)));
    const strays = foldersOf(schema, '').flatMap(({ path, folder }) => {
      const names = Object.keys(folder.properties ?? {}).map(name => path + name);
      return folder.additionalProperties === false ? names.filter(name => !known.has(name)) : [path];
    });
    expect(strays).to.deep.equal(['global']);
  });

  for (const file of ['values.yaml', ...readdirSync(join(REPOSITORY, CHART, 'ci')).map(name => `ci/${name}`)])
    it(`${file} is as the schema says`, () => {
      const validate = new Ajv2020({ strictTypes: false }).compile(schema);
      validate(withoutNulls(parse(read(file))));
      expect(validate.errors ?? []).to.deep.equal([]);
    });
});

describe('chart’s monitoring', () => {
  const known = new Set<string>(FOREIGN_METRICS);
  before(async () => {
    for (const metrics of [agentMetrics('1'), controllerMetrics('1')]) {
      for (const name of namesIn(await metrics.text())) known.add(name);
      metrics.close();
    }
  });

  const rules = parse(read('files/rules.yaml')).groups.flatMap((group: { rules: Rule[] }) => group.rules);
  for (const { alert, expr, for: patience, labels, annotations } of rules as readonly Rule[])
    it(`alert ${alert} reads metrics that are there, and says what to do`, () => {
      expect(unknownIn(expr, known)).to.deep.equal([]);
      expect(patience).to.match(/^\d+m$/);
      expect(labels.severity).to.be.oneOf(['critical', 'warning', 'info']);
      expect(annotations.summary).to.match(/^\S.{20,}$/);
      expect(annotations.description.length, 'what to do').to.be.within(80, 500);
    });

  const panels: readonly Panel[] = JSON.parse(read('files/dashboard.json')).panels;
  for (const panel of panels.filter(({ type }) => type !== 'row'))
    it(`panel ${panel.title} reads metrics that are there`, () => {
      expect(panel.targets!.length).to.be.at.least(1);
      for (const { expr } of panel.targets!) expect(unknownIn(expr, known), expr).to.deep.equal([]);
      expect(panel.description).to.match(/^\S.{5,}/);
    });

  it('panels have ids of their own, and none lies upon another', () => {
    expect(new Set(panels.map(({ id }) => id)).size).to.equal(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, at) => `${x + (at % w)}:${y + Math.floor(at / w)}`),
    );
    expect(new Set(cells).size).to.equal(cells.length);
  });
});

describe('crdTemplate and policyTemplates', () => {
  const crd = 'kind: CustomResourceDefinition\nmetadata:\n  name: x\nspec: {}\n';

  it('refuse a manifest that Helm would read otherwise, or that they cannot label', () => {
    expect(() => crdTemplate('x.yaml', `${crd}a: "{{ b }}"\n`)).to.throw('the manifest has {{');
    expect(() => crdTemplate('x.yaml', 'metadata: {name: x}\n')).to.throw('no metadata that begins with');
  });

  it('make one object a file', () => {
    const paths = policyTemplates('policy-x.yaml', `${crd}---\n${crd}`).map(({ path }) => path);
    expect(paths).to.deep.equal(['templates/policies/x.yaml', 'templates/policies/x-binding.yaml']);
  });
});

describe('chartValues and readmeWith', () => {
  it('refuse a value without a comment, and name it', () => {
    expect(() => chartValues('a:\n  # -- B.\n  b: 1\n  c: 2\n')).to.throw('Cannot describe a.c');
    expect(() => chartValues('# -- A.\na: 1\n\nb: []\n')).to.throw('Cannot describe b');
  });

  it('read comments of several lines, below lists too', () => {
    const values = chartValues('a:\n  # -- One\n  # and two.\n  b:\n  - c: 1\n  # -- D.\n  d: {}\n');
    expect(values).to.deep.equal([
      { name: 'a.b', fallback: [{ c: 1 }], text: 'One and two.' },
      { name: 'a.d', fallback: {}, text: 'D.' },
    ]);
  });

  it('refuse a README without a place for them', () => {
    expect(() => readmeWith('# x', [])).to.throw('README.md has no <!-- values -->');
  });
});

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly description: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}

/** `a.b.c` → `a`, `a.b`, `a.b.c` */
function prefixesOf(name: string): readonly string[] {
  const parts = name.split('.');
  return parts.map((_, at) => parts.slice(0, at + 1).join('.'));
}

/** The schema's objects that hold values, not those that are one. */
function foldersOf(
  folder: Schema,
  path: string,
): readonly { readonly path: string; readonly folder: Schema }[] {
  const deeper = path.includes('.') ? [] : Object.entries(folder.properties ?? {});
  const folders = deeper.filter(([name, { properties }]) => name !== 'global' && properties !== undefined);
  return [{ path, folder }, ...folders.flatMap(([name, each]) => foldersOf(each, `${path}${name}.`))];
}

/** As Helm does: null takes a default away. */
function withoutNulls(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, each) => (each === null ? undefined : each));
}

function namesIn(text: string): readonly string[] {
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  return types.flatMap(([, name, type]) =>
    type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name!],
  );
}

/** Names in an expression of Prometheus that look like metrics and are none. */
function unknownIn(expression: string, known: ReadonlySet<string>): readonly string[] {
  const names = expression.match(/\b(?:innermap|process|nodejs|kube)_\w+/g) ?? [];
  if (names.length === 0) return [`no metric in ${expression}`];
  return names.filter(name => !known.has(name));
}
