import type { ContentRoom } from '../../core/bytes/contentroom.ts';
import { contentBytes } from '../../core/wanted.ts';
import type { FileState } from './filestate.ts';

type States = ReadonlyMap<string, FileState>;

/** What all other files leave of the room. */
export function roomBeside(
  states: States,
  paths: ReadonlySet<string>,
  room: ContentRoom | undefined,
): ContentRoom | undefined {
  if (room === undefined) return undefined;
  let { left } = room;
  for (const { path, innerMaps } of states.values())
    if (!paths.has(path)) for (const { content } of innerMaps) left -= contentBytes(content);
  return { ...room, left };
}

/** Files whose contents found no room, and would now. */
export function roomless(states: States, room: ContentRoom | undefined): readonly string[] {
  const all = [...states.values()].filter(({ needs }) => needs !== undefined);
  if (all.length === 0) return [];
  const { left } = roomBeside(states, new Set(), room) ?? { left: Infinity };
  return all.filter(({ needs = Infinity }) => needs <= left).map(({ path }) => path);
}
