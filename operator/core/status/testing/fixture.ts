import type { NodeSelector } from '../../../api/metadata.ts';
import type { OuterMapSpec } from '../../../api/outermap.ts';
import type { InnerMapStatus, OuterMapStatus } from '../../../api/status.ts';
import { canonicalText } from '../../canonical.ts';
import { compileOuterMap } from '../../desired/compile.ts';
import { labelsHash } from '../../report/nodereport.ts';
import { outerMapOf } from '../../testing/outermap.ts';
import type { StatusChange } from '../change.ts';
import type { InnerFacts, OuterFacts, OuterReportFacts, ReportedFailure, WrittenStatus } from '../facts.ts';
import { FactsFixture } from './facts.ts';

type Labels = Readonly<Record<string, string>>;

interface InnerGiven {
  readonly key?: number;
  readonly outer?: string;
  readonly selector?: NodeSelector;
  readonly generation?: number;
  readonly uid?: string;
  readonly createdAt?: string;
  readonly written?: Partial<WrittenStatus>;
  readonly invalid?: ReportedFailure;
}

interface Reported {
  readonly watermark?: number;
  readonly failing?: readonly string[];
  readonly failuresTotal?: number;
  readonly own?: ReportedFailure;
  readonly held?: { readonly keys: number; readonly token: string };
  /** Absent, as an older agent's: then every label counts. */
  readonly selectorLabels?: readonly string[];
}

/** A cluster as the controller reads it. Each change raises the version by one. */
export class StatusFixture {
  readonly world = new FactsFixture();
  now = 0;
  version = 100;
  changes: readonly StatusChange[] = [];
  readonly #labels = new Map<string, Labels>();
  readonly #boots = new Map<string, number>();
  readonly #outers = new Map<string, OuterFacts>();
  readonly #inners = new Map<string, InnerFacts>();

  node(name: string, labels: Labels = {}, given: { notReadySince?: number; uid?: string } = {}): this {
    this.#labels.set(name, labels);
    const { uid = `uid-${name}`, ...more } = given;
    const bootID = this.#boot(name);
    const hash = labelsHash(labels);
    this.world.putNode({ name, uid, bootID, labels, labelsHash: hash, ...more }, this.now);
    return this;
  }

  agent(node: string, given: { notReadySince?: number } = {}): this {
    this.world.putPod({ key: `system/agent-${node}`, node, ...given }, this.now);
    return this;
  }

  agentGone(node: string): this {
    this.world.removePod({ key: `system/agent-${node}`, node }, this.now);
    return this;
  }

  /** Adds nodes whose agents are Ready. */
  nodes(...names: readonly string[]): this {
    for (const name of names) this.node(name).agent(name);
    return this;
  }

  reboot(name: string): this {
    this.#boots.set(name, (this.#boots.get(name) ?? 0) + 1);
    return this.node(name, this.#labels.get(name));
  }

  outer(
    name: string,
    spec: Partial<Omit<OuterMapSpec, 'inner'>> = {},
    given: Partial<OuterFacts> = {},
  ): this {
    const generation = (this.#outers.get(name)?.generation ?? 0) + 1;
    const { metadata, ...rest } = outerMapOf(spec);
    const facts: OuterFacts = {
      ...{ name, uid: `uid-${name}`, generation, resourceVersion: String(++this.version) },
      written: { version: 0, text: '' },
      outerMap: { ...rest, metadata: { ...metadata, name } },
      ...given,
    };
    this.#outers.set(name, facts);
    this.world.putOuter(facts, this.now);
    return this;
  }

  /** Ends the initial list: from now on deletions are recorded. */
  listed(): this {
    this.world.listed(String(this.version), this.now);
    return this;
  }

  inner(name: string, given: InnerGiven = {}): this {
    const facts = this.innerFacts(name, given);
    this.#inners.set(facts.key, facts);
    this.world.putInner(facts, this.now);
    return this;
  }

  innerFacts(name: string, given: InnerGiven = {}): InnerFacts {
    const key = `team/${name}`;
    const outer = given.outer ?? 'tenants';
    const generation = given.generation ?? (this.#inners.get(key)?.generation ?? 0) + 1;
    const { selector, uid = `uid-${name}`, createdAt = '2026-01-01T00:00:00Z' } = given;
    const nodeSelector = selector === undefined ? {} : { nodeSelector: selector };
    const spec = { outerMap: outer, key: given.key ?? this.#inners.size, sealed: false, ...nodeSelector };
    const metadata = {
      ...{ name, namespace: 'team', uid, generation, labels: {}, annotations: {} },
      creationTimestamp: createdAt,
    };
    const outerMap = this.#outers.get(outer)?.outerMap;
    const compiled = outerMap === undefined ? undefined : compileOuterMap(outerMap);
    const layoutDigest = typeof compiled === 'object' ? compiled.layout.digest : '';
    const entries = { count: 1, keys: new Uint8Array(0), values: new Uint8Array(0) };
    const content =
      given.invalid === undefined
        ? ({ kind: 'encoded', entries, layoutDigest } as const)
        : ({ kind: 'invalid', ...given.invalid } as const);
    return {
      ...{ key, namespace: 'team', name, uid, generation, outer },
      resourceVersion: String(++this.version),
      written: { version: 0, text: '', ...given.written },
      ...(selector === undefined ? {} : { selector }),
      wanted: { innerMap: { kind: 'InnerMap', metadata, spec }, content },
      layoutDigest,
    };
  }

  delete(name: string): this {
    this.world.removeInner(`team/${name}`, String(++this.version), this.now);
    return this;
  }

  /** Reports that the node's kernel has everything up to the watermark, by default the current version. */
  report(node: string, outer = 'tenants', reported: Reported = {}): this {
    const declared = this.#outers.get(outer)!;
    const { failing = [], own, held, selectorLabels, watermark = this.version } = reported;
    const listed = failing.length + Number(own !== undefined);
    const entry: OuterReportFacts = {
      ...{ uid: declared.uid, generation: declared.generation, watermark, listed },
      failuresTotal: reported.failuresTotal ?? listed,
      inners: new Map(failing.map(name => [`team/${name}`, FAILURE])),
      ...(own === undefined ? {} : { own }),
      ...(held === undefined ? {} : { held }),
    };
    const facts = this.world.nodeFacts(node);
    this.world.putState({
      name: node,
      version: ++this.version,
      uid: facts?.uid ?? '',
      bootID: facts?.bootID ?? '',
      labelsHash: facts?.labelsHash ?? '',
      selectorLabels,
      outers: new Map([[outer, entry]]),
    });
    return this;
  }

  pass(milliseconds: number): this {
    this.now += milliseconds;
    this.world.passed(this.now);
    return this;
  }

  fold(): this {
    this.changes = this.world.turn(this.now);
    return this;
  }

  innerStatus(name: string): InnerMapStatus {
    this.fold();
    return this.world.innerStatusOf(`team/${name}`, this.#date);
  }

  outerStatus(name = 'tenants'): OuterMapStatus {
    this.fold();
    return this.world.outerStatusOf(name, this.#date);
  }

  /** `True Programmed` */
  ready(name: string): string {
    return conditionText(this.innerStatus(name), 'Ready');
  }

  accepted(name: string): string {
    return conditionText(this.innerStatus(name), 'Accepted');
  }

  outerReady(name = 'tenants'): string {
    return conditionText(this.outerStatus(name), 'Ready');
  }

  /** Writes the status: the controller reads its own write back. */
  write(name: string): this {
    const status = this.innerStatus(name);
    const facts = this.world.innerFacts(`team/${name}`)!;
    const [accepted, , ready] = status.conditions;
    this.world.wrote(facts.key, {
      version: ++this.version,
      text: canonicalText(status),
      observedGeneration: facts.generation,
      specResourceVersion: status.specResourceVersion,
      accepted: accepted!,
      ready: ready!,
    });
    return this;
  }

  get #date(): string {
    return new Date(Date.UTC(2026, 0, 1) + this.now).toISOString();
  }

  #boot(name: string): string {
    return `boot-${name}-${this.#boots.get(name) ?? 0}`;
  }
}

export const FAILURE: ReportedFailure = { reason: 'OutOfMemory', message: 'ENOMEM' };

export function conditionText(status: InnerMapStatus | OuterMapStatus, type: string): string {
  const found = status.conditions.find(condition => condition.type === type)!;
  return `${found.status} ${found.reason}`;
}

export function labelled(key: string, value: string): NodeSelector {
  return { matchLabels: { [key]: value }, matchExpressions: [] };
}
