import type { WantedInner } from '../../../core/wanted.ts';

type Own<T> = { -readonly [Name in keyof T]: T[Name] };

/**
 * Texts that ten thousand InnerMaps have in common. A message between threads makes each of them anew, for each object:
 * that is a third of the memory that the objects take, and as much for each garbage collection to look at.
 */
export class CommonTexts {
  readonly #known = new Map<string, string>();

  /** Of an InnerMap that came in a message, which nobody else has: its texts are replaced where they are. */
  keep({ innerMap, content }: WantedInner): void {
    const { metadata, spec } = innerMap;
    (innerMap as Own<typeof innerMap>).kind = 'InnerMap';
    (metadata as Own<typeof metadata>).namespace = this.#one(metadata.namespace);
    (spec as Own<typeof spec>).outerMap = this.#one(spec.outerMap);
    if (content.kind !== 'encoded') return;
    const own: Own<typeof content> = content;
    own.kind = 'encoded';
    own.layoutDigest = this.#one(content.layoutDigest);
  }

  #one(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, text);
    return text;
  }
}
