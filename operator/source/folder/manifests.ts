import type { InnerMap, InnerMapManifest } from '../../api/innermap.ts';
import { GROUP, objectText } from '../../api/metadata.ts';
import { nearest } from '../../api/nearest.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { parseManifest } from '../../api/parse/manifest.ts';
import { isObject } from '../../api/parse/section.ts';
import { listText, type Problem, problemText } from '../../api/problem.ts';
import { printable } from '../../api/text/printable.ts';
import type { ContentRoom, CountedRoom } from '../../core/bytes/contentroom.ts';
import { keyProblems, type Remainder, remainderOf } from '../../core/desired/remainder.ts';
import { type Arrival, type EncodedInner, encodeInner, mistakesIn } from '../../core/encodedinner.ts';
import { type OuterLayout, outerLayout } from '../../core/layout/outer.ts';
import { typeProblems } from '../../core/layout/read.ts';
import { runToEnd } from '../../core/steps.ts';
import { type Content, contentBytes, type WantedInner } from '../../core/wanted.ts';
import { LISTED_PROBLEMS } from './text/cursor.ts';
import { documentsOf, type ManifestDocument } from './text/documents.ts';
import type { Position } from './text/place.ts';

export interface DeclaredOuter {
  readonly outerMap: OuterMap;
  readonly layout: OuterLayout;
  /** `maps/tenants.yaml:1` */
  readonly origin: string;
}

/** An object with a problem. Without `identity` it may be any object. */
export interface RejectedObject {
  /** `maps/web.yaml:12:5` */
  readonly origin: string;
  readonly message: string;
  readonly identity?: string;
  /** Whether it is of another API group, or of a kind that nobody declares: it hides no object of the operator. */
  readonly foreign: boolean;
}

/** The size of an object on an API server: bytes of its JSON form. */
export interface ObjectSize {
  readonly origin: string;
  readonly object: string;
  readonly bytes: number;
}

/** The declarations of one file, in bytes: nothing of its text is kept. */
export interface FileReading {
  readonly outerMaps: readonly DeclaredOuter[];
  readonly innerMaps: readonly WantedInner[];
  readonly rejected: readonly RejectedObject[];
  /** Layouts by which contents were encoded: OuterMap's name → digest, empty where it was unknown. */
  readonly encodedBy: Readonly<Record<string, string>>;
  readonly sizes: readonly ObjectSize[];
  /** The fewest bytes for which there was no room: with so many the file is worth another reading. */
  readonly needs?: number;
}

export interface ReadOptions {
  /** OuterMaps of other files. */
  readonly layouts: ReadonlyMap<string, OuterLayout>;
  /** The layout that counts where the file declares an OuterMap that is also among `layouts`. */
  readonly prefer: 'own' | 'given';
  /** Absent where the bytes are for no machine. */
  readonly possibleCpus?: number | undefined;
  /** For the contents of all files that are read together; absent where they are not kept. */
  readonly room?: ContentRoom | undefined;
  /** Whether to measure the sizes of objects, which costs as much as parsing them. */
  readonly weigh: boolean;
}

export interface CountedReadOptions extends ReadOptions {
  readonly room?: CountedRoom | undefined;
}

/**
 * Reads the manifests of one file. OuterMaps come first, at any place in it; an InnerMap is encoded as soon as the layout
 * of its OuterMap is known, so that a long file is never in memory as objects all at once.
 */
export function readManifests(text: string, origin: string, options: CountedReadOptions): FileReading {
  const reading = new Reading(origin, options);
  for (const item of documentsOf(text, document => document.includes('OuterMap'))) {
    if (item.kind === 'problem') reading.reject(item, item.message, named(item.value));
    else reading.take(item);
  }
  return reading.result();
}

/** So many objects that are refused are told one by one: a file can hold a million. */
const LISTED = 1000;

interface Waiting {
  readonly arrival: Arrival;
  readonly document: ManifestDocument;
  /** Present where the parser refused it: what is left of it is read to tell all of its mistakes. */
  readonly refused?: { readonly problems: readonly Problem[]; readonly remainder: Remainder };
}

/** An item of a reading, and the line of its document. */
interface Placed<T> {
  readonly line: number;
  readonly item: T;
}

/** What a wrong field of an OuterMap hid. */
function hiddenIn({ value }: ManifestDocument, problems: readonly Problem[]): readonly Problem[] {
  return isObject(value) && value['kind'] === 'OuterMap' ? typeProblems(value, problems) : [];
}

/** A file's reading while it grows. */
class Reading {
  readonly #origin: string;
  readonly #options: CountedReadOptions;
  readonly #own = new Map<string, OuterLayout>();
  readonly #outerMaps: DeclaredOuter[] = [];
  readonly #innerMaps: Placed<WantedInner>[] = [];
  readonly #rejected: Placed<RejectedObject>[] = [];
  /** Of those beyond the number that is listed: whether each is somebody else's. */
  readonly #unlisted: boolean[] = [];
  readonly #waiting: Waiting[] = [];
  readonly #encodedBy: Record<string, string> = {};
  readonly #sizes: ObjectSize[] = [];
  #needs = Infinity;

  constructor(origin: string, options: CountedReadOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  /** The whole reading; InnerMaps whose layout did not come are pending in it. */
  result(): FileReading {
    for (const waiting of this.#waiting) this.#declare(waiting, this.#layoutOf(waiting));
    return {
      outerMaps: this.#outerMaps,
      innerMaps: byLine(this.#innerMaps),
      rejected: [...byLine(this.#rejected), ...this.#more()],
      encodedBy: this.#encodedBy,
      sizes: this.#sizes,
      ...(this.#needs === Infinity ? {} : { needs: this.#needs }),
    };
  }

  #more(): readonly RejectedObject[] {
    if (this.#unlisted.length === 0) return [];
    const message = `${this.#unlisted.length} more of this file are refused`;
    return [{ origin: this.#origin, message, foreign: this.#unlisted.every(foreign => foreign) }];
  }

  reject({ line, column }: Position, problem: string, name: ObjectName | undefined): void {
    const message = name === undefined ? problem : `${name.identity}: ${problem}`;
    const origin = `${this.#origin}:${line}:${column}`;
    const item = { origin, message: printable(message), foreign: false, ...name };
    if (this.#rejected.length < LISTED) this.#rejected.push({ line, item });
    else this.#unlisted.push(item.foreign);
  }

  take(document: ManifestDocument): void {
    const parsed = parseManifest(document.value);
    if (!parsed.ok) this.#takeRefused(document, parsed.problems);
    else if (parsed.value.kind === 'InnerMap') this.#takeInner(parsed.value.manifest, document);
    else this.#takeOuter(parsed.value.outerMap, document);
  }

  #takeOuter(outerMap: OuterMap, document: ManifestDocument): void {
    this.#weigh(document, outerMap);
    const layout = outerLayout(outerMap);
    if (!layout.ok) {
      this.#rejectObject(document, layout.problems);
      return;
    }
    const { name } = outerMap.metadata;
    if (!this.#own.has(name)) this.#own.set(name, layout.value);
    this.#outerMaps.push({ outerMap, layout: layout.value, origin: this.#originOf(document) });
  }

  #takeInner(arrival: InnerMapManifest, document: ManifestDocument): void {
    this.#weigh(document, arrival.innerMap);
    this.#await({ arrival, document });
  }

  #takeRefused(document: ManifestDocument, problems: readonly Problem[]): void {
    const remainder = remainderOf(document.value, problems);
    if (remainder === undefined) this.#rejectObject(document, [...problems, ...hiddenIn(document, problems)]);
    else this.#await({ arrival: remainder.arrival, document, refused: { problems, remainder } });
  }

  #await(inner: Waiting): void {
    const layout = this.#layoutOf(inner);
    if (layout === undefined) this.#waiting.push(inner);
    else this.#declare(inner, layout);
  }

  #declare(inner: Waiting, layout: OuterLayout | undefined): void {
    const { innerMap } = inner.arrival;
    this.#encodedBy[innerMap.spec.outerMap] = layout?.digest ?? '';
    const encoded = this.#encoded(inner, layout);
    if (inner.refused !== undefined) {
      const { problems, remainder } = inner.refused;
      const found = mistakesIn(encoded);
      const all = [...problems, ...keyProblems(remainder, layout), ...found.problems];
      this.#rejectObject(inner.document, all, found.total - found.problems.length);
      return;
    }
    const content = this.#contentOf(encoded, inner.document);
    const item = { innerMap, content, origin: this.#originOf(inner.document) };
    this.#innerMaps.push({ line: inner.document.line, item });
  }

  #encoded({ arrival }: Waiting, layout: OuterLayout | undefined): EncodedInner {
    const { possibleCpus, room } = this.#options;
    return runToEnd(encodeInner(arrival, { layout, possibleCpus, room }));
  }

  #layoutOf({ arrival }: Waiting): OuterLayout | undefined {
    const { layouts, prefer } = this.#options;
    const name = arrival.innerMap.spec.outerMap;
    const [own, given] = [this.#own.get(name), layouts.get(name)];
    return prefer === 'own' ? (own ?? given) : (given ?? own);
  }

  /** The contents; each of their problems has its place in the file. */
  #contentOf(content: EncodedInner, document: ManifestDocument): Content {
    this.#options.room?.take({ bytes: contentBytes(content), waiting: 0 });
    if (content.kind !== 'invalid') return content;
    const { kind, reason, problems, total, needs = Infinity } = content;
    this.#needs = Math.min(this.#needs, needs);
    const details = problems.map(problem => {
      const { line, column } = document.locate(problem.path);
      return { origin: `${this.#origin}:${line}:${column}`, message: problemText(problem) };
    });
    const places = details.map(({ origin, message }) => `${origin}: ${message}`);
    return { kind, reason, message: listText(places, total), details, unlisted: total - details.length };
  }

  /** `unlisted`: the number of problems beyond these. */
  #rejectObject(document: ManifestDocument, problems: readonly Problem[], unlisted = 0): void {
    const name = named(document.value);
    if (name?.foreign === true && !name.identity.startsWith(STATE))
      this.reject({ line: document.line, column: 1 }, `is no object of ${GROUP}: keep it elsewhere`, name);
    else {
      for (const problem of problems.slice(0, LISTED_PROBLEMS))
        this.reject(document.locate(problem.path), problemText(problem), name);
      const more = problems.length - LISTED_PROBLEMS;
      const from = problems[Math.min(LISTED_PROBLEMS, problems.length - 1)]!;
      const count = Math.max(0, more) + unlisted;
      if (count > 0) this.reject(document.locate(from.path), `${count} more mistakes from here on`, name);
    }
  }

  #weigh(document: ManifestDocument, object: InnerMap | OuterMap): void {
    if (!this.#options.weigh) return;
    const bytes = Buffer.byteLength(JSON.stringify(document.value));
    this.#sizes.push({ origin: this.#originOf(document), object: objectText(object), bytes });
  }

  #originOf({ line }: ManifestDocument): string {
    return `${this.#origin}:${line}`;
  }
}

function byLine<T>(placed: readonly Placed<T>[]): readonly T[] {
  return placed.toSorted((a, b) => a.line - b.line).map(({ item }) => item);
}

/** Agents alone write this kind; somebody may have saved one. */
const STATE = 'NodeMapState';
/** Kinds that a folder declares. */
const KINDS = ['InnerMap', 'OuterMap'];

type ObjectName = Required<Pick<RejectedObject, 'identity' | 'foreign'>>;

/** The identity that a value would have as an object; undefined where its kind or name is no text. */
function named(value: unknown): ObjectName | undefined {
  if (!isObject(value) || !isObject(value['metadata'])) return undefined;
  const { apiVersion, kind } = value;
  const { name, namespace } = value['metadata'];
  if (typeof kind !== 'string' || typeof name !== 'string') return undefined;
  const isOfOthers = typeof apiVersion === 'string' && !isLikeOurs(apiVersion, kind);
  const inside = typeof namespace === 'string' ? namespace : 'default';
  const metadata = kind === 'InnerMap' ? { namespace: inside, name } : { name };
  return { identity: objectText({ kind, metadata }), foreign: isOfOthers || kind === STATE };
}

/** Whether it is of our API group, or is misspelt so: a mistake in either name must not make our object somebody else's. */
function isLikeOurs(apiVersion: string, kind: string): boolean {
  const group = apiVersion.split('/')[0]!;
  return nearest(group, [GROUP]) !== undefined || nearest(kind, KINDS) !== undefined;
}
