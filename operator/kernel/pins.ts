import type { OpenMap } from './kernel.ts';

/** A lock that ends with its release or with the process. */
export interface Lock {
  release(): void;
}

/** Suffix of a record's temporary name while it is replaced. A crash leaves that name; the next write removes it. */
export const RECORD_BESIDE = '~';

/**
 * The operations on a bpffs. All paths are absolute; every failure is a KernelError.
 * Names on a bpffs hold no dot (EPERM) and at most 255 bytes.
 */
export interface Pins {
  /** Root of the bpffs that this kernel works in, by default `/sys/fs/bpf`. */
  readonly root: string;
  /** Names below a directory; none where it does not exist. */
  list(directory: string): readonly string[];
  exists(path: string): boolean;
  isDirectory(path: string): boolean;
  /** With all parents; no error where it exists. */
  makeDirectory(path: string): void;
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
  /** flock on a directory: the lock, or its holder (`pid 812, innermap agent`; empty where that is unknown). */
  lock(directory: string): Lock | { readonly heldBy: string };
  /** Calls back after pins of these directories were made, renamed or unlinked. Returns a function that ends the watch. */
  watch(directories: readonly string[], changed: () => void): () => void;
}
