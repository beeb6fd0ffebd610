/** Memory for encoded contents: what is left of it, and where its bound comes from. */
export interface ContentRoom {
  /** Bytes. */
  readonly left: number;
  /** `the 128 MiB that this agent has for them, a quarter of its memory limit`. */
  readonly bound: string;
  /** Absent: of the room that all share. */
  readonly remedy?: string;
}

/** What somebody holds. */
export interface Holding {
  /** Encoded. */
  readonly bytes: number;
  /** Of contents that wait to be encoded, and what they may take then. */
  readonly waiting: number;
}

/**
 * One count for all that hold contents. What waits is bounded by itself, and takes nothing of the room: otherwise contents
 * would be refused because of objects that are gone a moment later.
 */
export class CountedRoom implements ContentRoom {
  readonly bound: string;
  #left: number;
  #mayWait: number;

  constructor({ left, bound }: ContentRoom) {
    this.#left = left;
    this.#mayWait = Math.floor(left / WAITING_SHARE);
    this.bound = bound;
  }

  get left(): number {
    return this.#left;
  }

  /** How many bytes more may wait. */
  get mayWait(): number {
    return this.#mayWait;
  }

  /** What is negative is given back. */
  take({ bytes, waiting }: Holding): void {
    this.#left -= bytes;
    this.#mayWait -= waiting;
  }
}

const WAITING_SHARE = 4;

/** What a process with this limit, or on a machine with this memory, has for contents. */
export function contentRoomOf(who: string, memory: number, kind: 'limit' | 'machine'): ContentRoom {
  const left = Math.floor(memory / SHARE);
  const whole = kind === 'limit' ? 'its memory limit' : "this machine's memory";
  return {
    left,
    bound: `the ${mebibytes(left)} that this ${who} has for entries, a quarter of ${whole} of ${mebibytes(memory)}`,
  };
}

/** As much again is what was read of the kernel; the maps themselves are the rest, twice while they are replaced. */
const SHARE = 4;

export function roomText({ left, bound, remedy = SHARED }: ContentRoom): string {
  return `${mebibytes(Math.max(0, left))} are left of ${bound}: ${remedy}`;
}

const SHARED =
  "declare fewer, have that limit raised, or, where others hold the rest, have the OuterMap's owner set spec.maxNamespaceBytes";

export function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 / 1024)} MiB`;
}
