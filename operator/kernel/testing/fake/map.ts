import type { MapTypes } from '../../../core/btf/maptypes.ts';
import type { MapSpec } from '../../../core/mapspec.ts';
import type { Errno } from '../../error.ts';
import { fits, valueStride } from './creation.ts';
import type { Table } from './table.ts';
import { tableOf, textOfBytes, wordAt } from './table.ts';

export interface MadeMap {
  readonly id: number;
  readonly name: string;
  readonly spec: MapSpec;
  readonly possibleCpus: number;
  /** Those that it was made with, whatever its spec declares. */
  readonly types?: MapTypes | undefined;
  /** What inner maps must be like; it makes the map an outer map. */
  readonly template?: FakeTemplate;
}

/** What a map of maps keeps of its template. */
export interface FakeTemplate {
  readonly spec: MapSpec;
  readonly types?: MapTypes | undefined;
  /** Linux 5.15 to 6.2 compares whether both have types of a struct (bpf_map_meta_equal, timer_off). */
  readonly comparesTypes: boolean;
}

/**
 * A map in the fake machine. It lives while an fd, a pin or an outer map's entry refers to it,
 * and when the last reference goes, so do its entries' references.
 */
export class FakeMap {
  readonly id: number;
  readonly name: string;
  readonly spec: MapSpec;
  readonly types: MapTypes | undefined;
  readonly stride: number;
  readonly table: Table;
  /** Of an outer map alone. */
  readonly outer: OuterTable | undefined;
  /** BPF_MAP_FREEZE: user space cannot write it by any fd. */
  frozen = false;
  #references = 0;
  readonly #freed: (map: FakeMap) => void;

  constructor(made: MadeMap, freed: (map: FakeMap) => void) {
    this.id = made.id;
    this.name = made.name;
    this.spec = made.spec;
    this.types = made.types;
    this.stride = valueStride(made.spec, made.possibleCpus);
    this.table = tableOf(made.spec, this.stride, made.possibleCpus);
    this.outer = made.template === undefined ? undefined : new OuterTable(made.spec, made.template);
    this.#freed = freed;
  }

  hold(): this {
    this.#references += 1;
    return this;
  }

  release(): void {
    this.#references -= 1;
    if (this.#references !== 0) return;
    this.#freed(this);
    this.outer?.clear();
  }
}

/** The entries of an outer map: key → inner map, each a reference. */
export class OuterTable {
  readonly template: FakeTemplate;
  readonly #spec: MapSpec;
  readonly #inners = new Map<string, FakeMap>();

  constructor(spec: MapSpec, template: FakeTemplate) {
    this.#spec = spec;
    this.template = template;
  }

  /** Checks the layout before the place: a wrong one is EINVAL in a full map too. */
  upsert(key: Uint8Array, inner: FakeMap): Errno | undefined {
    const place = textOfBytes(key);
    const old = this.#inners.get(place);
    if (this.#spec.type === 'ArrayOfMaps') {
      if (wordAt(key, 0) >= this.#spec.maxEntries) return 'E2BIG';
      if (!fits(this.template, inner)) return 'EINVAL';
    } else {
      if (!fits(this.template, inner)) return 'EINVAL';
      if (old === undefined && this.#inners.size >= this.#spec.maxEntries) return 'E2BIG';
    }
    this.#inners.set(place, inner.hold());
    old?.release();
    return undefined;
  }

  delete(key: Uint8Array): Errno | undefined {
    if (this.#spec.type === 'ArrayOfMaps' && wordAt(key, 0) >= this.#spec.maxEntries) return 'E2BIG';
    const place = textOfBytes(key);
    const old = this.#inners.get(place);
    if (old === undefined) return 'ENOENT';
    this.#inners.delete(place);
    old.release();
    return undefined;
  }

  inner(key: Uint8Array): FakeMap | undefined {
    return this.#inners.get(textOfBytes(key));
  }

  /** Key's text and inner map, the last inserted first; an ArrayOfMaps by its index. */
  inners(): readonly (readonly [string, FakeMap])[] {
    const all = [...this.#inners].reverse();
    return this.#spec.type === 'HashOfMaps' ? all : all.sort(([a], [b]) => indexOf(a) - indexOf(b));
  }

  clear(): void {
    const all = [...this.#inners.values()];
    this.#inners.clear();
    for (const inner of all) inner.release();
  }
}

function indexOf(place: string): number {
  return [...place].reduceRight((word, character) => word * 256 + character.charCodeAt(0), 0);
}
