import type { FieldPath } from '../../../api/problem.ts';
import { firstIndex } from '../../../core/items.ts';
import { itemOffsets, offsetWithin, readRegular } from './regular.ts';
import type { Chunk } from './split.ts';

/**
 * Finds the offsets of nodes in a regular document. A List can have a million items, and each its place: their offsets are
 * noted in one pass, and what is sought within one is read from there.
 */
export function offsetsIn(text: string, chunk: Chunk): (path: FieldPath) => number {
  let levels: readonly (readonly number[])[] | undefined;
  const fromStart = (path: FieldPath) => readRegular(text, chunk, path)?.found ?? chunk.start;
  return path => {
    if (path[0] !== 'items' || path.length < 2) return fromStart(path);
    levels ??= itemOffsets(text, chunk).levels;
    let { start, end } = chunk;
    let depth = 0;
    for (const level of levels) {
      const [items, index] = [path[depth], path[depth + 1]];
      if (items !== 'items' || typeof index !== 'number') break;
      const at = firstIndex(level.length, offset => level[offset]! >= start) + index;
      if ((level[at] ?? end) >= end) break;
      [start, end] = [level[at]!, Math.min(end, level[at + 1] ?? end)];
      depth += 2;
    }
    if (depth === 0) return fromStart(path);
    return depth === path.length ? start : offsetWithin(text, { start, end: chunk.end }, path.slice(depth));
  };
}
