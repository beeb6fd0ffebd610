import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { yieldToEventLoop } from '../../../timing/sliced.ts';

/** The state of a file on disk, as text: equal only while nothing was written, renamed or replaced. */
export type Signature = string;

export interface WrittenFile {
  readonly signature: Signature;
  /** mtime, milliseconds since 1970. */
  readonly modified: number;
  /** Whether the file was the same before and after it was read. */
  readonly steady: boolean;
}

export type UnavailableText =
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string; readonly signature: Signature };

/** The text of a path's file, or why it is not available. */
export type FileText = UnavailableText | (WrittenFile & { readonly kind: 'text'; readonly text: string });

/** A larger file is refused before it is read. */
const MAX_FILE = 256 * 1024 * 1024;

export function readFileText(path: string): FileText {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unread(error);
  }
  try {
    const before = fstatSync(descriptor);
    const problem = fileProblem(before);
    if (problem !== undefined)
      return { kind: 'unreadable', message: problem, signature: signatureOf(before) };
    const text = decoded(readFileSync(descriptor));
    const after = fstatSync(descriptor);
    const signature = signatureOf(after);
    if (text === undefined)
      return { kind: 'unreadable', message: 'Cannot read as UTF-8: save it in that encoding', signature };
    const steady = signature === signatureOf(before);
    return { kind: 'text', text, signature, modified: after.mtimeMs, steady };
  } catch (error) {
    return unread(error);
  } finally {
    closeSync(descriptor);
  }
}

/** All files at some paths, and the paths that cannot be listed. */
export interface Listing {
  /** Path → signature, in the order of paths. */
  readonly files: ReadonlyMap<string, Signature>;
  /** Given paths that cannot be listed, and why: earlier declarations below them stay. */
  readonly unlisted: ReadonlyMap<string, string>;
  /** Directories whose events concern these files. */
  readonly watched: ReadonlySet<string>;
  /** Links: target → path as listed. */
  readonly targets: ReadonlyMap<string, string>;
}

/** Paths as listings compose them: `./maps/` is `maps`. */
export function plainPaths(paths: readonly string[]): readonly string[] {
  return paths.map(path => normalize(path).replace(/(?<=.)\/$/, ''));
}

const MANIFEST = /\.(?:ya?ml|json)$/;

/** `*.yaml`, `*.yml`, `*.json`, not hidden: the files that kubectl reads in a directory. */
export function isManifestName(name: string): boolean {
  return MANIFEST.test(name) && !name.startsWith('.');
}

/** Lists files and directories (without their subdirectories, as `kubectl apply -f DIR`), following symlinks. */
export async function listManifests(paths: readonly string[]): Promise<Listing> {
  const unlisted = new Map<string, string>();
  const watched = new Set<string>();
  const candidates = new Map<string, boolean>();
  for (const path of paths) {
    watched.add(dirname(path));
    try {
      for (const [file, isLink] of filesOf(path, watched)) candidates.set(file, isLink);
    } catch (error) {
      unlisted.set(path, `Cannot read ${path}: ${reasonOf(error)}`);
    }
  }
  const files = new Map<string, Signature>();
  const targets = new Map<string, string>();
  for (const [path, isLink] of candidates) {
    files.set(path, signatureAt(path));
    if (isLink) followLink(path, targets, watched);
    if (files.size % SLICE === 0) await yieldToEventLoop();
  }
  const ordered = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  return { files: new Map(ordered), unlisted, watched, targets };
}

/** stat takes 3 µs on this thread and 20 in the thread pool: these slices take a millisecond or two. */
const SLICE = 500;

/** Files by path, and whether each is a symlink. */
function filesOf(path: string, watched: Set<string>): readonly (readonly [string, boolean])[] {
  if (!statSync(path).isDirectory()) return [[path, true]];
  watched.add(path);
  return readdirSync(path, { withFileTypes: true })
    .filter(entry => isManifestName(entry.name) && !entry.isDirectory())
    .map(entry => [join(path, entry.name), entry.isSymbolicLink()]);
}

/** A link's events come from the directory of its target. */
function followLink(path: string, targets: Map<string, string>, watched: Set<string>): void {
  try {
    const target = realpathSync(path);
    if (target === path) return;
    targets.set(target, path);
    watched.add(dirname(target));
  } catch {
    // The link leads nowhere, which reading it reports
  }
}

/** The signature of the file at a path now. */
export function signatureAt(path: string): Signature {
  try {
    return signatureOf(statSync(path));
  } catch (error) {
    return `unreadable:${reasonOf(error)}`;
  }
}

/** undefined for any failure, which reading the file reports. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** Whether a symlink is there, or what is there cannot be asked: its folder may have lost its rights, or be gone. */
export function mayBeLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch (error) {
    return (error as { code?: string }).code !== 'ENOENT';
  }
}

/** Whether both are of one file, and not of one that was put in the place of the other. */
export function isSameFile(a: Signature, b: Signature): boolean {
  const [one, other] = [a, b].map(signature => signature.split(':', 2).join(':'));
  return one === other;
}

function signatureOf(stats: Stats): Signature {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

/** ENOENT, of the file or its directory, is no failure. */
function unread(error: unknown): UnavailableText {
  if ((error as { code?: string }).code === 'ENOENT') return { kind: 'missing' };
  const reason = reasonOf(error);
  return { kind: 'unreadable', message: `Cannot read: ${reason}`, signature: `unreadable:${reason}` };
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'it does not exist',
  EACCES: 'permission denied',
  ENOTDIR: 'part of the path is no directory',
  ELOOP: 'its symlinks lead in a circle',
  EIO: 'the disk reports an error',
  EMFILE: 'too many open files',
  ENFILE: 'too many open files on this machine',
};

function reasonOf(error: unknown): string {
  const { code = '', message } = error as { code?: string; message: string };
  const reason = REASONS[code];
  return reason === undefined ? message : `${code}, ${reason}`;
}

function fileProblem(stats: Stats): string | undefined {
  if (!stats.isFile()) return 'Cannot read: it is no regular file';
  if (stats.size <= MAX_FILE) return undefined;
  return `Cannot read: ${Math.ceil(stats.size / 1024 / 1024)} MiB is above the limit of ${MAX_FILE / 1024 / 1024} MiB, split it`;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
