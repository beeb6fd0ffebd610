import type { InnerMap } from '../../api/innermap.ts';
import { objectKey } from '../../api/metadata.ts';
import { type ContentRoom, mebibytes } from '../../core/bytes/contentroom.ts';
import { bySeniority } from '../../core/desired/seniority.ts';
import { firstIndex } from '../../core/items.ts';

/** What one InnerMap's encoded contents take. */
export interface RoomPart {
  readonly metadata: InnerMap['metadata'];
  readonly bytes: number;
}

interface Group<Part> {
  bytes: number;
  /** The oldest first. */
  readonly parts: Part[];
}

/**
 * How much of the room each namespace takes for one outer map: twice its kernel memory at most. What it may program fits, as
 * entries take at most one and a half of that (an array's, of 8 bytes), also while some of them grow; of more, the oldest are
 * kept. Otherwise contents that are never programmed would take the room of others.
 */
export class NamespaceRooms<Part extends RoomPart> {
  readonly #groups = new Map<string, Group<Part>>();
  readonly #parts = new Map<string, Part>();
  #most = Infinity;

  /** Sets spec.maxNamespaceBytes. Returns what has no room any more. */
  limit(maxNamespaceBytes = Infinity): readonly Part[] {
    this.#most = SHARE * maxNamespaceBytes;
    return [...this.#groups.values()].flatMap(group => this.#surplusOf(group));
  }

  /** What an InnerMap has, as far as it needs it: younger ones give way. */
  roomFor(metadata: InnerMap['metadata'], needs: number): ContentRoom {
    const { namespace } = metadata;
    const { bytes, parts } = this.#groups.get(namespace) ?? { bytes: 0, parts: [] };
    const own = this.#parts.get(objectKey(metadata))?.bytes ?? 0;
    let left = this.#most - bytes + own;
    for (let at = parts.length - 1; left < needs && at >= 0; at -= 1) {
      if (bySeniority(parts[at]!.metadata, metadata) <= 0) break;
      left += parts[at]!.bytes;
    }
    const bound = `the ${mebibytes(this.#most)} that InnerMaps of namespace ${namespace} may declare, twice spec.maxNamespaceBytes`;
    return { left, bound, remedy: "declare fewer, or let the OuterMap's owner raise it" };
  }

  /** Takes the place of what the InnerMap had. Returns the youngest, which have no room any more. */
  hold(part: Part): readonly Part[] {
    this.release(objectKey(part.metadata));
    if (part.bytes === 0) return [];
    const { namespace } = part.metadata;
    const group = this.#groups.get(namespace) ?? { bytes: 0, parts: [] };
    this.#groups.set(namespace, group);
    this.#parts.set(objectKey(part.metadata), part);
    group.parts.splice(placeOf(part, group.parts), 0, part);
    group.bytes += part.bytes;
    return this.#surplusOf(group);
  }

  release(key: string): void {
    const part = this.#parts.get(key);
    if (part === undefined) return;
    const { namespace } = part.metadata;
    const group = this.#groups.get(namespace)!;
    group.parts.splice(placeOf(part, group.parts), 1);
    group.bytes -= part.bytes;
    this.#parts.delete(key);
    if (group.parts.length === 0) this.#groups.delete(namespace);
  }

  /** Only these are there. */
  retain(keys: { has(key: string): boolean }): void {
    for (const key of [...this.#parts.keys()]) if (!keys.has(key)) this.release(key);
  }

  #surplusOf(group: Group<Part>): readonly Part[] {
    const surplus: Part[] = [];
    while (group.bytes > this.#most) {
      const youngest = group.parts.at(-1)!;
      this.release(objectKey(youngest.metadata));
      surplus.push(youngest);
    }
    return surplus;
  }
}

const SHARE = 2;

/** Where it is, or belongs. */
function placeOf({ metadata }: RoomPart, parts: readonly RoomPart[]): number {
  return firstIndex(parts.length, at => bySeniority(parts[at]!.metadata, metadata) >= 0);
}
