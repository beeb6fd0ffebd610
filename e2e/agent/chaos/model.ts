import { ownerOf } from '../../../operator/core/desired/owner.ts';
import { innerMap, type Manifest, outerMap, u32, u32Pairs } from '../support/manifests.ts';
import type { Contents } from '../support/witness.ts';
import type { Random } from './random.ts';

/** An OuterMap as declared at present. */
export interface ModelOuter {
  readonly name: string;
  spec: Readonly<Record<string, unknown>> & { readonly pin?: string };
  /** The token of a held removal. */
  release?: string;
}

/** An InnerMap as declared at present, and the file that it stands in. */
export interface ModelInner {
  readonly name: string;
  readonly outer: string;
  readonly key: number;
  pairs: Readonly<Record<number, number>>;
  spec: Readonly<Record<string, unknown>>;
  file: string;
}

/** Keys of declared InnerMaps lie below, those of strangers above. */
export const STRANGE_KEYS = 20;
export const FILES = ['set-0.yaml', 'set-1.yaml', 'set-2.yaml', 'linked.yaml'] as const;
const MOST_INNERS = 36;
const ELSEWHERE = { matchLabels: { zone: 'nowhere' } };

/** What each outer map's options are drawn from; one draw changes one option. */
const OPTIONS: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
  alpha: {
    pin: ['alpha', 'moved', 'deep/er/alpha', undefined],
    maxRemoval: ['50%', '100%', 3, undefined],
    deletionPolicy: ['Retain', 'Delete'],
    access: [[{ namespaces: ['*'] }], [{ namespaces: ['a'] }]],
    nodeSelector: [undefined, undefined, ELSEWHERE],
  },
  beta: {
    pin: ['beta', 'other'],
    maxRemoval: ['100%', undefined],
    deletionPolicy: ['Retain', 'Delete'],
    nodeSelector: [undefined, undefined, ELSEWHERE],
  },
  gamma: { maxRemoval: ['100%', undefined], deletionPolicy: ['Retain', 'Delete'] },
};

/** What the manifests say: edited at random, written by `manifests`, compared by `expected`. */
export class Model {
  readonly outers: ModelOuter[] = [
    { name: 'alpha', spec: { pin: 'alpha', maxEntries: 48 } },
    { name: 'beta', spec: { pin: 'beta', type: 'ArrayOfMaps', maxEntries: 32 } },
    { name: 'gamma', spec: { pin: 'program/gamma', provision: 'Adopt', maxEntries: 64 } },
    { name: 'still', spec: { pin: 'still' } },
  ];
  readonly inners = new Map<string, ModelInner>();
  /** Of every InnerMap that ever was: its identity in the kernel. */
  readonly owners = new Set<string>();
  readonly #random: Random;
  /** Each name is given once, in all runs side by side: an InnerMap that comes back at a key that another has keeps its former key. */
  #made = 0;

  constructor(random: Random) {
    this.#random = random;
    for (const key of [1, 2, 3]) {
      const name = `a/still-${key}-${process.pid}`;
      const inner = { name, outer: 'still', key, pairs: { [key]: key }, spec: {}, file: 'outers.yaml' };
      this.#declare(inner);
    }
    for (let made = 0; made < 12; made++) this.edit();
  }

  outer(name: string): ModelOuter {
    return this.outers.find(outer => outer.name === name)!;
  }

  /** One change of what is declared. */
  edit(): void {
    const lively = [...this.inners.values()].filter(({ outer }) => outer !== 'still');
    const choice = this.#random.number(10);
    if (choice === 0) this.#option();
    else if (choice <= 4 && lively.length < MOST_INNERS) this.#add();
    else if (lively.length === 0) this.#add();
    else if (choice <= 6) this.inners.delete(this.#random.of(lively).name);
    else if (choice === 7) this.#random.of(lively).file = this.#random.of(FILES);
    else this.#content(this.#random.of(lively));
  }

  /** Takes away all that one outer map has, as a folder that is emptied by mistake. */
  empty(): void {
    const outer = this.#random.of(['alpha', 'beta', 'gamma']);
    for (const inner of [...this.inners.values()]) if (inner.outer === outer) this.inners.delete(inner.name);
  }

  /** `still` comes last: a file cut between two documents is whole, and must not keep it without its inner maps. */
  manifests(file: string): readonly Manifest[] {
    const inners = [...this.inners.values()]
      .filter(inner => inner.file === file)
      .map(({ name, outer, key, pairs, spec }) => innerMap(name, { outerMap: outer, key }, pairs, spec));
    return file === 'outers.yaml' ? [...inners, ...this.outers.map(manifestOf)] : inners;
  }

  /** Where the pin of an outer map may be, or may have been. */
  pinsOf(name: string): readonly string[] {
    const pins = OPTIONS[name]?.['pin'] ?? [this.outer(name).spec.pin];
    return pins.filter(pin => typeof pin === 'string');
  }

  /** Every outer map is this node's again, and every key every namespace's. */
  everythingHere(): void {
    this.open();
    for (const outer of this.outers) {
      const { nodeSelector: _, ...rest } = outer.spec;
      outer.spec = rest;
    }
  }

  /** Lets every namespace have every key again, and answers what undoes that; nothing where it is so already. */
  open(): (() => void) | undefined {
    const alpha = this.outer('alpha');
    const { access, ...rest } = alpha.spec;
    if (!isClosed(access)) return undefined;
    alpha.spec = rest;
    return () => {
      alpha.spec = { ...alpha.spec, access };
    };
  }

  /** Whether this node is selected: where it is not, nothing is expected. */
  isHere(outer: string): boolean {
    return this.outer(outer).spec['nodeSelector'] === undefined;
  }

  /** What programs must find. */
  expected(outer: string): Contents {
    const owners = this.#owners(outer);
    return Object.fromEntries([...owners].map(([key, { pairs }]) => [u32(key), sorted(u32Pairs(pairs))]));
  }

  /** Names of InnerMaps that may not have their key, or come too late for it. */
  rejected(): readonly string[] {
    const names: string[] = [];
    for (const { name } of this.outers.filter(outer => this.isHere(outer.name))) {
      const owners = new Set([...this.#owners(name).values()].map(owner => owner.name));
      for (const inner of this.inners.values())
        if (inner.outer === name && !owners.has(inner.name)) names.push(inner.name);
    }
    return names.toSorted();
  }

  /** Of two that declare one key the first by namespace and name has it. */
  #owners(outer: string): ReadonlyMap<number, ModelInner> {
    const closed = isClosed(this.outer(outer).spec['access']);
    const mine = [...this.inners.values()].filter(inner => inner.outer === outer);
    const owners = new Map<number, ModelInner>();
    for (const inner of mine.toSorted((a, b) => (a.name < b.name ? 1 : -1)))
      if (!closed || inner.name.startsWith('a/')) owners.set(inner.key, inner);
    return owners;
  }

  #option(): void {
    const outer = this.outer(this.#random.of(Object.keys(OPTIONS)));
    const options = OPTIONS[outer.name]!;
    const option = this.#random.of(Object.keys(options));
    const { [option]: _, ...rest } = outer.spec;
    const value = this.#random.of(options[option]!);
    outer.spec = value === undefined ? rest : { ...rest, [option]: value };
  }

  #add(): void {
    const random = this.#random;
    const key = random.number(STRANGE_KEYS);
    const name = `${random.of(['a', 'b'])}/map-${random.number(1000)}-${++this.#made}-${process.pid}`;
    const outer = random.of(['alpha', 'beta', 'gamma']);
    const spec = random.of([{}, {}, { update: 'InPlace' }, { sealed: true }, { maxEntries: 8 }]);
    const inner = { name, outer, key, pairs: {}, spec, file: random.of(FILES) };
    this.#declare(inner);
    this.#content(inner);
  }

  #declare(inner: ModelInner): void {
    const [namespace = '', name = ''] = inner.name.split('/');
    this.inners.set(inner.name, inner);
    this.owners.add(ownerOf({ namespace, name, labels: {}, annotations: {} }));
  }

  #content(inner: ModelInner): void {
    const keys = Array.from({ length: this.#random.number(8) }, () => this.#random.number(30));
    inner.pairs = Object.fromEntries(keys.map(key => [key, this.#random.number(1000)]));
  }
}

function manifestOf({ name, spec, release }: ModelOuter): Manifest {
  const { pin: _, ...unpinned } = outerMap(name, spec)['spec'] as Record<string, unknown>;
  const pin = spec.pin === undefined ? {} : { pin: spec.pin };
  const metadata = { name, annotations: release === undefined ? {} : { [RELEASE]: release } };
  return { ...outerMap(name, spec), metadata, spec: { ...unpinned, ...pin } };
}

function isClosed(access: unknown): boolean {
  return (access as { namespaces: string[] }[] | undefined)?.[0]?.namespaces[0] === 'a';
}

const RELEASE = 'innermap.io/release-removal';

function sorted(pairs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(pairs).sort());
}
