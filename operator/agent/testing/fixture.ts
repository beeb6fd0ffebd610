import type { Metadata } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { parseInnerMap, parseOuterMap } from '../../api/parse/manifest.ts';
import type { Parsed } from '../../api/problem.ts';
import { problemsText } from '../../api/problem.ts';
import { hex } from '../../core/bytes/hex.ts';
import { keyBytes } from '../../core/codec/keytext.ts';
import { encodeInner } from '../../core/encodedinner.ts';
import { outerLayout } from '../../core/layout/outer.ts';
import type { Report } from '../../core/report/report.ts';
import { runToEnd } from '../../core/steps.ts';
import type { ManifestProblem, Wanted, WantedInner, Watermark } from '../../core/wanted.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import type { Publisher } from '../../publish/publish.ts';
import type { Source } from '../../source/source.ts';
import { emptyMemory } from '../memory.ts';
import type { Due } from '../observe/observe.ts';
import { type Agent, type Turn, turn } from '../turn.ts';

/** Entries of a test's inner map: key → value, as a manifest may write them. */
export type Pairs = Readonly<Record<string, number | string | object>>;

const OUTER = {
  type: 'HashOfMaps',
  maxEntries: 64,
  key: 'u32',
  inner: { type: 'Hash', maxEntries: 16, key: 'u32', value: 'u32' },
  access: [{ namespaces: ['*'] }],
};

/** Declarations, put together step by step: each step returns a new fixture. Objects keep their identity while unchanged. */
export class AgentFixture {
  readonly #outers: ReadonlyMap<string, OuterMap>;
  readonly #inners: ReadonlyMap<string, WantedInner>;
  #wanted: Wanted | undefined;
  readonly #rest: {
    readonly complete: boolean;
    readonly refusals: readonly ManifestProblem[];
    readonly releases: readonly string[];
    readonly unsettled?: ReadonlySet<string>;
    readonly unreadable?: ReadonlySet<string>;
    readonly watermarks?: ReadonlyMap<string, Watermark>;
  };

  constructor(
    outers: ReadonlyMap<string, OuterMap> = new Map(),
    inners: ReadonlyMap<string, WantedInner> = new Map(),
    rest: Omit<Wanted, 'outerMaps' | 'innerMaps' | 'node'> = {
      complete: true,
      refusals: [],
      releases: [],
    },
  ) {
    this.#outers = outers;
    this.#inners = inners;
    this.#rest = rest;
  }

  outer(name: string, spec: object = {}, metadata: object = {}): AgentFixture {
    const object = {
      apiVersion: 'innermap.io/v1alpha1',
      kind: 'OuterMap',
      metadata: { name, ...metadata },
      spec: { ...OUTER, ...spec },
    };
    return new AgentFixture(
      new Map(this.#outers).set(name, must(parseOuterMap(object))),
      this.#inners,
      this.#rest,
    );
  }

  /** `name` is `namespace/name`; the outer map must be there already. */
  inner(name: string, outerMap: string, key: number | string, pairs: Pairs, spec: object = {}): AgentFixture {
    const [namespace, own] = name.split('/') as [string, string];
    const entries = Object.entries(pairs).map(([at, value]) => ({
      key: /^\d+$/.test(at) ? Number(at) : at,
      value,
    }));
    const object = {
      apiVersion: 'innermap.io/v1alpha1',
      kind: 'InnerMap',
      metadata: { name: own, namespace },
      spec: { outerMap, key, entries, ...spec },
    };
    const wanted = encoded(object, this.#outers.get(outerMap));
    return new AgentFixture(this.#outers, new Map(this.#inners).set(name, wanted), this.#rest);
  }

  /** The InnerMap with what an API server adds: a uid, a time. */
  stored(name: string, metadata: Pick<Metadata, 'uid' | 'creationTimestamp'>): AgentFixture {
    const { innerMap, ...rest } = this.#inners.get(name)!;
    const stored = { ...innerMap, metadata: { ...innerMap.metadata, ...metadata } };
    const inners = new Map(this.#inners).set(name, { innerMap: stored, ...rest });
    return new AgentFixture(this.#outers, inners, this.#rest);
  }

  /** Without an InnerMap (`namespace/name`) or an OuterMap (`name`). */
  without(...names: readonly string[]): AgentFixture {
    const outers = new Map([...this.#outers].filter(([name]) => !names.includes(name)));
    const inners = new Map([...this.#inners].filter(([name]) => !names.includes(name)));
    return new AgentFixture(outers, inners, this.#rest);
  }

  incomplete(): AgentFixture {
    return new AgentFixture(this.#outers, this.#inners, { ...this.#rest, complete: false });
  }

  unsettled(...names: readonly string[]): AgentFixture {
    return new AgentFixture(this.#outers, this.#inners, { ...this.#rest, unsettled: new Set(names) });
  }

  /** OuterMaps that cannot be read now: the fixture has those that could be read before. */
  unreadable(...names: readonly string[]): AgentFixture {
    return new AgentFixture(this.#outers, this.#inners, { ...this.#rest, unreadable: new Set(names) });
  }

  /** All of it was read up to here, as from a cluster. */
  watermark(outerMap: string, version: string): AgentFixture {
    const watermarks = new Map(this.#rest.watermarks).set(outerMap, { seen: version, awaited: version });
    return new AgentFixture(this.#outers, this.#inners, { ...this.#rest, watermarks });
  }

  released(...releases: readonly string[]): AgentFixture {
    return new AgentFixture(this.#outers, this.#inners, { ...this.#rest, releases });
  }

  /** The same objects in another order: `order` answers a rank for each name. */
  ordered(order: (name: string) => number): AgentFixture {
    const sorted = <T>(map: ReadonlyMap<string, T>) =>
      new Map([...map].toSorted(([a], [b]) => order(a) - order(b)));
    return new AgentFixture(sorted(this.#outers), sorted(this.#inners), this.#rest);
  }

  /** The same object each time, as of a source in which nothing changed. */
  wanted(): Wanted {
    this.#wanted ??= {
      outerMaps: [...this.#outers.values()],
      innerMaps: [...this.#inners.values()],
      ...this.#rest,
    };
    return this.#wanted;
  }

  /** What programs should see of one outer map, in the form of FakeMachine.dump. */
  contents(outerMap: string): Record<string, Record<string, string>> {
    const layout = must(outerLayout(this.#outers.get(outerMap)!));
    const contents: [string, Record<string, string>][] = [];
    for (const { innerMap, content } of this.#inners.values()) {
      if (innerMap.spec.outerMap !== outerMap || content.kind !== 'encoded') continue;
      const key = keyBytes(layout.outerKey, innerMap.spec.key);
      if (key.ok) contents.push([hex(key.bytes), pairsOf(content.entries, layout.template.keySize)]);
    }
    return Object.fromEntries(contents.toSorted());
  }
}

function encoded(object: object, outerMap: OuterMap | undefined): WantedInner {
  const manifest = must(parseInnerMap(object));
  const layout = outerMap === undefined ? undefined : must(outerLayout(outerMap));
  const content = runToEnd(encodeInner(manifest, { layout, possibleCpus: 2 }));
  return { innerMap: manifest.innerMap, content };
}

function pairsOf(
  entries: { count: number; keys: Uint8Array; values: Uint8Array },
  keySize: number,
): Record<string, string> {
  const stride = entries.count === 0 ? 0 : entries.values.length / entries.count;
  const pairs = Array.from({ length: entries.count }, (_, at): [string, string] => [
    hex(entries.keys, at * keySize, (at + 1) * keySize),
    hex(entries.values, at * stride, (at + 1) * stride),
  ]);
  return Object.fromEntries(pairs.toSorted());
}

function must<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw new Error(problemsText(parsed.problems));
}

/** A source that a test sets, and a publisher that keeps the last report. */
export class SourceFixture implements Source, Publisher {
  fixture: AgentFixture;
  report: Report | undefined;

  constructor(fixture: AgentFixture) {
    this.fixture = fixture;
  }

  read(): Promise<Wanted> {
    return Promise.resolve(this.fixture.wanted());
  }

  onChange(): void {}

  close(): Promise<void> {
    return Promise.resolve();
  }

  publish(report: Report): Promise<void> {
    this.report = report;
    return Promise.resolve();
  }
}

/** For tests in which nobody else is a writer. */
const SOLE_WRITER = { keep: () => true };

const RESYNC: Due = { resync: true, contentShare: 1 };

/** One agent of a test: a fresh one has read nothing yet, as after a start. */
export async function startedAgent(kernel: Kernel, fixture: AgentFixture): Promise<Acting> {
  const source = new SourceFixture(fixture);
  const kernelState = await kernel.probe();
  const node = { name: 'here', labels: { zone: 'a' }, bootID: 'boot' };
  const agent = {
    source,
    publisher: source,
    kernel,
    kernelState,
    node,
    lock: SOLE_WRITER,
    memory: emptyMemory(),
    clock: { now: () => acting.now, uptime: () => acting.uptime },
  };
  const acting: Acting = new Acting(agent, source);
  return acting;
}

export class Acting {
  /** Milliseconds since 1970, as somebody sets them. */
  now = 0;
  /** Milliseconds since the node's boot. */
  uptime = 0;
  readonly agent: Agent;
  readonly source: SourceFixture;
  #turned = false;

  constructor(agent: Agent, source: SourceFixture) {
    this.agent = agent;
    this.source = source;
  }

  /** A turn with this fixture. The first one reads everything, as does each whose `due` says so. */
  async turn(fixture: AgentFixture = this.source.fixture, due?: Due): Promise<Turn> {
    this.source.fixture = fixture;
    const chosen = due ?? (this.#turned ? { resync: false, contentShare: 0 } : RESYNC);
    this.#turned = true;
    return turn(this.agent, chosen, this.source.report);
  }

  resync(fixture: AgentFixture = this.source.fixture): Promise<Turn> {
    return this.turn(fixture, RESYNC);
  }
}
