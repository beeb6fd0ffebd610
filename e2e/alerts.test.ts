import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import { AgentFixture, startedAgent } from '../operator/agent/testing/fixture.ts';
import { ControllerFixture } from '../operator/controller/testing/fixture.ts';
import { FakeMachine } from '../operator/kernel/testing/fake/machine.ts';
import { controllerMetrics } from '../operator/support/metrics/controller.ts';
import { measure } from '../operator/wiring/controller.ts';
import { observed } from '../operator/wiring/observed.ts';
import { REPOSITORY } from './crdschema.ts';

const CHART = join(REPOSITORY, 'charts', 'innermap-operator');
/** Prometheus adds these to what it scrapes. */
const OF_THE_SCRAPE = ['pod', 'namespace'];
const FOREIGN = 'kube_';

/** What agents and controllers really tell, so that an alert that can never fire is seen. */
describe('alerts', () => {
  const samples: Sample[] = [];
  const text = readFileSync(join(CHART, 'files', 'rules.yaml'), 'utf8');
  const rules: readonly Rule[] = parse(text).groups.flatMap((group: { rules: Rule[] }) => group.rules);
  const dashboard = JSON.parse(readFileSync(join(CHART, 'files', 'dashboard.json'), 'utf8'));
  const panels = (dashboard.panels as readonly Panel[]).filter(({ targets }) => targets !== undefined);

  before(async () => {
    samples.push(...samplesIn(await agentText()), ...samplesIn(await controllerText()));
  });

  for (const { alert, expr, annotations } of rules)
    it(`${alert} can fire: its metrics, labels and their values are told`, () => {
      for (const selector of selectorsIn(expr))
        expect(matching(selector, samples), selector.text).to.not.be.empty;
      const labels = new Set([...OF_THE_SCRAPE, ...samples.flatMap(sample => Object.keys(sample.labels))]);
      const named = [...JSON.stringify(annotations).matchAll(/\$labels\.(\w+)/g)].map(match => match[1]!);
      expect(named.filter(name => !labels.has(name))).to.deep.equal([]);
    });

  for (const { title, targets } of panels)
    it(`panel ${title} shows something: its labels have such values`, () => {
      for (const { expr } of targets!)
        for (const selector of selectorsIn(expr).filter(({ matchers }) => matchers.length > 0))
          expect(matching(selector, samples), selector.text).to.not.be.empty;
    });

  it('read no DaemonSet but the chart’s', () => {
    const named = [...text.matchAll(/daemonset="([^"]+)"/g)].map(match => match[1]!);
    const made = readFileSync(join(CHART, 'templates', 'agent', 'daemonset.yaml'), 'utf8');
    expect(named).to.not.deep.equal([]);
    for (const name of named) expect(made).to.contain(`  name: ${name}\n`);
  });
});

/** An agent after turns with every outcome: a failure, a held removal, drift, a turn that broke. */
async function agentText(): Promise<string> {
  const machine = new FakeMachine();
  let many = new AgentFixture().outer('tenants', { pin: 'tenants' });
  for (let key = 0; key < 20; key++) many = many.inner(`a/m${key}`, 'tenants', key, { 1: 1 });
  const acting = await startedAgent(machine.openKernel(), many);
  const calls = () => [{ verb: 'GET', code: '500', count: 1 }];
  const { agent } = acting;
  const listener = await observed({
    ...{ listen: '127.0.0.1:0', version: '1', agent },
    adapters: { source: agent.source, publisher: agent.publisher, calls, close: async () => {} },
  });
  try {
    listener.turned(await acting.turn());
    listener.turned(
      await acting.turn(new AgentFixture().outer('tenants').inner('a/lost', 'tenants', 'x', {})),
    );
    listener.failed(new Error('broken'), 1_000);
    return await (await fetch(`http://${listener.address}/metrics`)).text();
  } finally {
    await listener.close();
  }
}

async function controllerText(): Promise<string> {
  const fixture = await new ControllerFixture().nodes('a').outer().inner('web').start();
  const metrics = controllerMetrics('1');
  try {
    metrics.calls([{ verb: 'GET', code: '500', count: 1 }]);
    metrics.folded(0.1);
    for (const each of fixture.codes) metrics.wrote(...(each.split(' ') as [string, string]));
    measure(metrics, fixture.controller.gauges());
    return await metrics.text();
  } finally {
    metrics.close();
    await fixture.stop();
  }
}

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: Readonly<Record<string, string>>;
}

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

interface Selector {
  readonly text: string;
  readonly name: string;
  readonly matchers: readonly { readonly label: string; readonly isSo: (value: string) => boolean }[];
}

function samplesIn(text: string): readonly Sample[] {
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => ({
      name: /^\w+/.exec(line)![0],
      labels: Object.fromEntries(
        [...line.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
      ),
    }));
}

/** Our metrics in an expression of Prometheus. A variable of the dashboard may be anything. */
function selectorsIn(expression: string): readonly Selector[] {
  return [...expression.matchAll(/\b((?:innermap|process|nodejs)_\w+)(?:\{([^}]*)\})?/g)]
    .filter(([, name]) => !name!.startsWith(FOREIGN))
    .map(([text, name, inside = '']) => ({
      ...{ text, name: name! },
      matchers: [...inside.matchAll(/(\w+)(=~|!~|!=|=)"([^"]*)"/g)]
        .filter(([, label, , value]) => !OF_THE_SCRAPE.includes(label!) && !value!.includes('$'))
        .map(([, label, operator, value]) => ({ label: label!, isSo: test(operator!, value!) })),
    }));
}

function test(operator: string, wanted: string): (value: string) => boolean {
  const pattern = new RegExp(`^(?:${operator.endsWith('~') ? wanted : wanted.replace(/\W/g, '\\$&')})$`);
  return value => pattern.test(value) !== operator.startsWith('!');
}

function matching({ name, matchers }: Selector, samples: readonly Sample[]): readonly Sample[] {
  return samples.filter(
    sample => sample.name === name && matchers.every(({ label, isSo }) => isSo(sample.labels[label] ?? '')),
  );
}
