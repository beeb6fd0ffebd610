import type { InnerMap, InnerMapManifest } from '../../api/innermap.ts';
import { GROUP, objectText } from '../../api/metadata.ts';
import type { OuterMap } from '../../api/outermap.ts';
import { parseManifest } from '../../api/parse/manifest.ts';
import { listText, type Problem, problemText } from '../../api/problem.ts';
import { encodeInner } from '../../core/encodedinner.ts';
import { type OuterLayout, outerLayout } from '../../core/layout/outer.ts';
import { runToEnd } from '../../core/steps.ts';
import type { Content, WantedInner } from '../../core/wanted.ts';
import { type DocumentProblem, documentsOf, type ManifestDocument } from './text/documents.ts';

export interface DeclaredOuter {
  readonly outerMap: OuterMap;
  readonly layout: OuterLayout;
  /** `maps/tenants.yaml:1` */
  readonly origin: string;
}

/** An object that cannot be taken. Without `identity` nobody knows which one it is. */
export interface RejectedObject {
  /** `maps/web.yaml:12:5` */
  readonly origin: string;
  readonly message: string;
  readonly identity?: string;
  /** Of another API group, or nothing that anybody declares: it hides no object of ours. */
  readonly foreign: boolean;
}

/** How heavy an object is to an API server: bytes of its JSON form. */
export interface ObjectSize {
  readonly origin: string;
  readonly object: string;
  readonly bytes: number;
}

/** What one file declares, in bytes: nothing of its text is kept. */
export interface FileReading {
  readonly outerMaps: readonly DeclaredOuter[];
  readonly innerMaps: readonly WantedInner[];
  readonly refused: readonly RejectedObject[];
  /** The layouts that contents were encoded by: OuterMap's name → digest, empty where it was unknown. */
  readonly encodedBy: Readonly<Record<string, string>>;
  readonly sizes: readonly ObjectSize[];
}

export interface ReadOptions {
  /** OuterMaps of other files. */
  readonly layouts: ReadonlyMap<string, OuterLayout>;
  /** Whose layout counts where the file declares an OuterMap that is also among `layouts`. */
  readonly prefer: 'own' | 'given';
  /** Absent where the bytes are for no machine. */
  readonly possibleCpus?: number;
  /** Whether to weigh the objects, which costs as much as parsing them. */
  readonly weigh: boolean;
}

/**
 * Reads the manifests of one file. OuterMaps come first, wherever they stand; an InnerMap is encoded as soon as the layout
 * of its OuterMap is known, so that a long file is never in memory as objects all at once.
 */
export function readManifests(text: string, origin: string, options: ReadOptions): FileReading {
  const read = new Reading(origin, options);
  const waiting: Waiting[] = [];
  for (const item of documentsOf(text, document => document.includes('OuterMap'))) {
    if (item.kind === 'problem') read.refuseDocument(item);
    else {
      const inner = read.take(item);
      if (inner !== undefined && !read.encoded(inner)) waiting.push(inner);
    }
  }
  for (const inner of waiting) read.declare(inner);
  return read.result();
}

interface Waiting {
  readonly manifest: InnerMapManifest;
  readonly document: ManifestDocument;
}

/** A file's reading while it grows. */
class Reading {
  readonly #origin: string;
  readonly #options: ReadOptions;
  readonly #own = new Map<string, OuterLayout>();
  readonly #outerMaps: DeclaredOuter[] = [];
  readonly #innerMaps: { readonly line: number; readonly wanted: WantedInner }[] = [];
  readonly #refused: { readonly line: number; readonly object: RejectedObject }[] = [];
  readonly #encodedBy: Record<string, string> = {};
  readonly #sizes: ObjectSize[] = [];

  constructor(origin: string, options: ReadOptions) {
    this.#origin = origin;
    this.#options = options;
  }

  result(): FileReading {
    return {
      outerMaps: this.#outerMaps,
      innerMaps: this.#innerMaps.toSorted((a, b) => a.line - b.line).map(({ wanted }) => wanted),
      refused: this.#refused.toSorted((a, b) => a.line - b.line).map(({ object }) => object),
      encodedBy: this.#encodedBy,
      sizes: this.#sizes,
    };
  }

  refuseDocument({ line, column, message, value }: DocumentProblem): void {
    const name = nameOf(value);
    const text = name === undefined ? message : `${name.identity}: ${message}`;
    this.#refuse(line, column, { message: text, ...name });
  }

  /** Takes an OuterMap; answers an InnerMap, whose contents are still to be encoded. */
  take(document: ManifestDocument): Waiting | undefined {
    const parsed = parseManifest(document.value);
    if (!parsed.ok) return this.#refuseObject(document, parsed.problems);
    const manifest = parsed.value;
    this.#weigh(document, manifest.kind === 'InnerMap' ? manifest.manifest.innerMap : manifest.outerMap);
    if (manifest.kind === 'InnerMap') return { manifest: manifest.manifest, document };
    const layout = outerLayout(manifest.outerMap);
    if (!layout.ok) return this.#refuseObject(document, layout.problems);
    const { outerMap } = manifest;
    if (!this.#own.has(outerMap.metadata.name)) this.#own.set(outerMap.metadata.name, layout.value);
    this.#outerMaps.push({ outerMap, layout: layout.value, origin: `${this.#origin}:${document.line}` });
    return undefined;
  }

  /** Encodes the contents if the layout is known by now. */
  encoded(inner: Waiting): boolean {
    const isKnown = this.#layoutOf(inner) !== undefined;
    if (isKnown) this.declare(inner);
    return isKnown;
  }

  declare(inner: Waiting): void {
    const { manifest, document } = inner;
    const { innerMap } = manifest;
    const layout = this.#layoutOf(inner);
    this.#encodedBy[innerMap.spec.outerMap] = layout?.digest ?? '';
    const origin = `${this.#origin}:${document.line}`;
    const content = this.#contentOf(inner, layout);
    this.#innerMaps.push({ line: document.line, wanted: { innerMap, content, origin } });
  }

  #layoutOf({ manifest }: Waiting): OuterLayout | undefined {
    const { layouts, prefer } = this.#options;
    const name = manifest.innerMap.spec.outerMap;
    const [own, given] = [this.#own.get(name), layouts.get(name)];
    return prefer === 'own' ? (own ?? given) : (given ?? own);
  }

  /** What is wrong with contents is told with the places where it stands. */
  #contentOf({ manifest, document }: Waiting, layout: OuterLayout | undefined): Content {
    const { possibleCpus } = this.#options;
    const content = runToEnd(encodeInner(manifest, { layout, possibleCpus }));
    if (content.kind !== 'invalid') return content;
    const { kind, reason, problems, total } = content;
    const details = problems.map(problem => {
      const { line, column } = document.locate(problem.path);
      return { origin: `${this.#origin}:${line}:${column}`, message: problemText(problem) };
    });
    const places = details.map(({ origin, message }) => `${origin}: ${message}`);
    return { kind, reason, message: listText(places, total), details, unlisted: total - details.length };
  }

  #refuseObject(document: ManifestDocument, problems: readonly Problem[]): undefined {
    const name = nameOf(document.value);
    if (name?.foreign === true && !name.identity.startsWith(STATE)) {
      this.#refuse(document.line, 1, {
        message: `${name.identity}: is no object of ${GROUP}: keep it elsewhere`,
        ...name,
      });
      return undefined;
    }
    for (const problem of problems) {
      const { line, column } = document.locate(problem.path);
      const text = problemText(problem);
      const message = name === undefined ? text : `${name.identity}: ${text}`;
      this.#refuse(line, column, { message, ...name });
    }
  }

  #refuse(
    line: number,
    column: number,
    object: Omit<RejectedObject, 'origin' | 'foreign'> & { foreign?: boolean },
  ): void {
    const origin = `${this.#origin}:${line}:${column}`;
    this.#refused.push({ line, object: { origin, foreign: false, ...object } });
  }

  #weigh(document: ManifestDocument, object: InnerMap | OuterMap): void {
    if (!this.#options.weigh) return;
    const bytes = Buffer.byteLength(JSON.stringify(document.value));
    this.#sizes.push({ origin: `${this.#origin}:${document.line}`, object: objectText(object), bytes });
  }
}

/** Written by agents alone; somebody may have saved one. */
const STATE = 'NodeMapState';

/** Which object a value would be, if it can be told at all. */
function nameOf(value: unknown): { readonly identity: string; readonly foreign: boolean } | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { apiVersion, kind, metadata } = value as {
    apiVersion?: unknown;
    kind?: unknown;
    metadata?: unknown;
  };
  const { name, namespace } = (typeof metadata === 'object' && metadata !== null ? metadata : {}) as Record<
    string,
    unknown
  >;
  if (typeof kind !== 'string' || typeof name !== 'string') return undefined;
  const isOthers = typeof apiVersion === 'string' && !apiVersion.startsWith(`${GROUP}/`);
  const foreign = isOthers || kind === STATE;
  const inside = typeof namespace === 'string' ? namespace : 'default';
  const named = kind === 'InnerMap' ? { namespace: inside, name } : { name };
  return { identity: objectText({ kind, metadata: named }), foreign };
}
