import { readFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { expect } from 'chai';
import { parseAllDocuments } from 'yaml';
import { type Contents, sortedContents } from '../../agent/support/witness.ts';
import type { Kubectl } from '../../cluster/plane/kubectl.ts';
import type { Condition } from '../../cluster/support/objectstatus.ts';
import { REPOSITORY } from '../../crdschema.ts';
import { becomes, mustAnswer, objectAt } from '../../must.ts';
import { chosenProvider } from '../../provider/choose.ts';
import type { Provider } from '../../provider/provider.ts';
import { ClusterFixture } from './clusterfixture.ts';
import { logsOf, SYSTEM } from './logs.ts';
import { WITNESS_NAMESPACE, type Witness } from './witness.ts';

/** Cold, everything is built first. */
const START_PATIENCE_MS = 25 * 60_000;
const TEST_PATIENCE_MS = 180_000;
const BUILT = join(REPOSITORY, 'dist');

let shared: ClusterFixture | undefined;
after(async function () {
  this.timeout(60_000);
  await shared?.down();
});

/** An object as the scenario's manifest has it. */
export interface Declared {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

interface Conditioned {
  readonly metadata: { readonly generation: number };
  readonly status?: { readonly conditions: readonly Condition[] };
}

/** What a scenario's tests have: the cluster, and the objects of the manifest beside them. */
export class ScenarioFixture {
  readonly #objects: ReadonlyMap<string, Declared>;

  constructor(file: string) {
    const documents = parseAllDocuments(readFileSync(file, 'utf8'));
    const objects = documents.map(document => document.toJS() as Declared);
    this.#objects = new Map(objects.map(object => [`${object.kind}/${object.metadata.name}`, object]));
  }

  get clusterFixture(): ClusterFixture {
    if (shared === undefined) throw new Error('Cannot use the cluster: it is not started');
    return shared;
  }

  get provider(): Provider {
    return this.clusterFixture.provider;
  }

  get kubectl(): Kubectl {
    return this.clusterFixture.kubectl;
  }

  get witness(): Witness {
    return this.clusterFixture.witness;
  }

  /** An object of the manifest, by `Kind/name`, with other fields in its spec. */
  object(name: string, spec: object = {}): Declared {
    const object = this.#objects.get(name);
    if (object === undefined)
      throw new Error(`Cannot find ${name}: the manifest has ${[...this.#objects.keys()]}`);
    return { ...object, spec: { ...object.spec, ...spec } };
  }

  /** Applies these, as a user does; everything of the manifest where none is named. */
  async apply(...objects: readonly (Declared | string)[]): Promise<void> {
    const all = objects.length === 0 ? [...this.#objects.values()] : objects;
    const items = all.map(each => (typeof each === 'string' ? this.object(each) : each));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await this.kubectl.must(['apply', '--server-side', '--force-conflicts', '-f', '-'], list);
  }

  async delete(...names: readonly string[]): Promise<void> {
    const items = names.map(name => this.object(name));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    await this.kubectl.must(['delete', '--ignore-not-found', '-f', '-'], list);
  }

  /** Everything of the manifest goes, and with it every pin of its outer maps. */
  async leave(): Promise<void> {
    const pins = [...this.#objects.values()]
      .filter(({ kind }) => kind === 'OuterMap')
      .map(({ spec }) => String(spec['pin']));
    for (const kind of ['InnerMap', 'OuterMap'])
      await this.delete(...[...this.#objects.keys()].filter(name => name.startsWith(`${kind}/`)));
    await this.delete(...this.#objects.keys());
    for (const node of this.provider.nodes)
      await mustAnswer(`${node} has none of ${pins}`, () => this.witness.pins(node), {
        expected: found => pins.every(pin => !found.includes(pin)),
      });
  }

  /** `kubectl wait`. */
  async mustBeReady(what: string, seconds?: number): Promise<void> {
    if (await becomes(this.kubectl, what, seconds === undefined ? {} : { seconds })) return;
    throw new Error(
      `Waited in vain until ${what} is Ready: ${JSON.stringify(await objectAt(this.kubectl, what))}`,
    );
  }

  /** The node, and everything that the chart and the witness have on it. */
  async mustNodeBeReady(node: string): Promise<void> {
    await this.mustFind(`node/${node}`, () => true);
    await this.mustBeReady(`node/${node}`, 120);
    for (const namespace of [SYSTEM, WITNESS_NAMESPACE]) {
      const words = ['wait', '--for=condition=Ready', 'pod', '--all', '-n', namespace, '--timeout=55s'];
      await this.kubectl.must([...words, '--field-selector', `spec.nodeName=${node}`]);
    }
  }

  /** Waits until a condition of the object says it, of its present generation. */
  async mustTell(what: string, type: string, expected: Partial<Condition>): Promise<Condition> {
    const wanted = Object.entries(expected);
    const isSo = (found: Condition | undefined) =>
      wanted.every(([field, value]) => found?.[field as keyof Condition] === value);
    const text = `${what} says ${type} ${JSON.stringify(expected)}`;
    return (await mustAnswer(text, () => this.#condition(what, type), { expected: isSo }))!;
  }

  /** Waits until an object is as expected. */
  async mustFind<T extends object>(
    what: string,
    expected: (object: T) => boolean,
    seconds?: number,
  ): Promise<T> {
    const found = await mustAnswer(what, () => objectAt<T>(this.kubectl, what), {
      expected: object => object !== undefined && expected(object),
      ...(seconds === undefined ? {} : { seconds }),
    });
    return found!;
  }

  async #condition(what: string, type: string): Promise<Condition | undefined> {
    const object = await objectAt<Conditioned>(this.kubectl, what);
    const found = object?.status?.conditions.find(condition => condition.type === type);
    return found?.observedGeneration === object?.metadata.generation ? found : undefined;
  }

  /** Now: exactly this, and nothing else. */
  async holds(nodes: readonly string[], pin: string, expected: Contents): Promise<void> {
    for (const node of nodes) {
      const found = await this.witness.contents(node, pin);
      expect(found && sortedContents(found), `${pin} on ${node}`).to.deep.equal(sortedContents(expected));
    }
  }

  /** The same, in time. */
  async mustHold(node: string, pin: string, expected: Contents): Promise<void> {
    const text = JSON.stringify(sortedContents(expected));
    await mustAnswer(`${pin} on ${node} holds ${text}`, () => this.witness.contents(node, pin), {
      expected: found => found !== undefined && JSON.stringify(sortedContents(found)) === text,
    });
  }
}

/** A scenario: its manifest lies beside its tests, under the same name. `file`: import.meta.filename. */
export function describeScenario(
  file: string,
  title: string,
  body: (fixture: ScenarioFixture) => void,
): void {
  const choice = chosenProvider();
  const source = join(REPOSITORY, relative(BUILT, file));
  describe(`scenario ${basename(file, '.js')}: ${title}`, function () {
    this.timeout(TEST_PATIENCE_MS);
    if (choice.kind === 'missing' && process.env['CI'] !== 'true') {
      it(`is skipped: ${choice.why}`);
      return;
    }
    const fixture = new ScenarioFixture(source.replace(/\.[jt]s$/, '.yaml'));
    before(async function () {
      this.timeout(START_PATIENCE_MS);
      if (choice.kind === 'missing') throw new Error(`Cannot start a cluster: ${choice.why}`);
      shared ??= await ClusterFixture.on(await choice.start());
    });
    afterEach(async function () {
      if (this.currentTest?.state !== 'failed' || shared === undefined) return;
      console.log(await logsOf(shared.kubectl), await shared.provider.logs());
    });
    body(fixture);
    after(async () => {
      if (shared !== undefined) await fixture.leave();
    });
  });
}
