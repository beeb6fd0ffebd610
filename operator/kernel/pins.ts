import type { OpenMap } from './kernel.ts';

/** A lock that ends with its release or with the process. */
export interface Lock {
  release(): void;
  /** False once it was released, or the locked directory is no more at its path: then it keeps nobody out. */
  holds(): boolean;
}

export type PinKind = 'pin' | 'directory' | 'link';

const KINDS: ReadonlyMap<number, PinKind> = new Map(
  (['pin', 'directory', 'link'] as const).map(kind => [kind.charCodeAt(0), kind]),
);

/** Reads a listing: of each name the first letter of its kind, its UTF-8 and a NUL. */
export function* kindsIn(listing: Uint8Array): Generator<readonly [name: string, kind: PinKind]> {
  const text = Buffer.from(listing.buffer, listing.byteOffset, listing.byteLength);
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf(0, at);
    yield [text.toString('utf8', at + 1, end), KINDS.get(text[at]!)!];
    at = end + 1;
  }
}

/** The mode of a directory that nobody else may enter. */
export const PRIVATE_MODE = 0o700;

/** Suffix of a record's temporary name while it is replaced. A crash leaves that name; the next write removes it. */
export const RECORD_BESIDE = '~';

/**
 * The operations on a bpffs. All paths are absolute; every failure is a KernelError.
 * Names on a bpffs hold no dot (EPERM) and at most 255 bytes. A symlink as the last name of a path is never followed.
 */
export interface Pins {
  /** Root of the bpffs that this kernel works in, by default `/sys/fs/bpf`. */
  readonly root: string;
  /** Throws where no bpffs is mounted there any more: an unmounted one is an empty directory of the disk. */
  requireMounted(): void;
  /** Names below a directory; none where it does not exist. */
  list(directory: string): readonly string[];
  /** The same, with what each name is: whatever is neither a directory nor a link is a pin. */
  kinds(directory: string): ReadonlyMap<string, PinKind>;
  /** The same in bytes, which kindsIn() reads, off the event loop: equal bytes while nothing came or went. */
  listing(directory: string): Promise<Uint8Array>;
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  /** With all parents, which get the same mode (by default all may enter); no error where it exists. */
  makeDirectory(path: string, mode?: number): void;
  removeDirectory(path: string): void;
  /** BPF_OBJ_PIN, then the mode; EEXIST where the name is taken. */
  pin(map: OpenMap, path: string, mode: number): void;
  /** Over an existing pin too, atomically. */
  rename(from: string, to: string): void;
  /** No error where it does not exist. */
  unlink(path: string): void;
  /** A record is a symlink whose target is the text (up to 4,000 bytes); replaces an older one atomically. */
  writeRecord(path: string, text: string): void;
  readRecord(path: string): string | undefined;
  /**
   * flock on a directory: the lock, or its holder (`pid 812, innermap agent`; empty where that is unknown).
   * From then on nobody else may enter the directory. EPERM where it is another user's, or others could have written into it.
   */
  lock(directory: string): Lock | { readonly heldBy: string };
  /** Who holds the lock of a directory; undefined where nobody does, or where there is none. */
  holder(directory: string): string | undefined;
  /** Calls back after pins of these directories were made, renamed or unlinked. Returns a function that ends the watch. */
  watch(directories: readonly string[], changed: () => void): () => void;
}
