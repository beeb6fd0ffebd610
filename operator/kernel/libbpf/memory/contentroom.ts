import { totalmem } from 'node:os';
import { type ContentRoom, contentRoomOf } from '../../../core/bytes/contentroom.ts';
import { memoryLimit } from './cgroup.ts';

/** The room that this process has for contents: by the limit of its cgroup, or by the machine's memory where that is less. */
export function contentRoom(process: 'agent' | 'controller'): ContentRoom {
  const limit = memoryLimit();
  const machine = totalmem();
  if (limit === undefined || limit > machine) return contentRoomOf(process, machine, 'machine');
  return contentRoomOf(process, limit, 'limit');
}
