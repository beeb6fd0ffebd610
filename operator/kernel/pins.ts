import type { OpenMap } from './kernel.ts';

/** Held until released or until the process ends. */
export interface Lock {
  release(): void;
}

/** Ends the name beside a record while it is replaced. A crash leaves it there; the next write takes it away. */
export const RECORD_BESIDE = '~';

/**
 * What the operator does to a bpffs. All paths are absolute; every failure is a KernelError.
 * Names on a bpffs hold no dot (EPERM) and at most 255 bytes.
 */
export interface Pins {
  /** Root of the bpffs this kernel works in, `/sys/fs/bpf` unless told otherwise. */
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
  /** flock on a directory: the lock, or who holds it (`pid 812, innermap agent`; empty where that cannot be told). */
  lock(directory: string): Lock | { readonly heldBy: string };
  /** Calls back after pins of these directories were made, renamed or unlinked (inotify; directories that do not exist are watched by their parents). Answers an end. */
  watch(directories: readonly string[], changed: () => void): () => void;
}
