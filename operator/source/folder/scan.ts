import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { yieldToEventLoop } from '../../timing/sliced.ts';

/** The state of a file on disk, as text: equal only while nothing was written, renamed or replaced. */
export type Signature = string;

/** What a path's file holds, or why that cannot be had. */
export type FileText =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly signature: Signature;
      readonly modified: number;
      readonly steady: boolean;
    }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly message: string; readonly signature: Signature };

/** A larger file is refused before it is read. */
export const MAX_FILE = 256 * 1024 * 1024;

/** Reads one file; `steady` tells whether it was the same before and after. */
export function readFileText(path: string): FileText {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unread(error);
  }
  try {
    const before = fstatSync(descriptor);
    const wrong = wrongFile(before);
    if (wrong !== undefined) return { kind: 'unreadable', message: wrong, signature: signatureOf(before) };
    const bytes = readFileSync(descriptor);
    const after = fstatSync(descriptor);
    const signature = signatureOf(after);
    const text = decoded(bytes);
    if (text === undefined)
      return { kind: 'unreadable', message: 'Cannot read as UTF-8: save it in that encoding', signature };
    return {
      kind: 'text',
      text,
      signature,
      modified: after.mtimeMs,
      steady: signature === signatureOf(before),
    };
  } catch (error) {
    return unread(error);
  } finally {
    closeSync(descriptor);
  }
}

/** Every file that was found, and what could not be looked at. */
export interface Listing {
  /** Path → signature, in the order in which they count. */
  readonly files: ReadonlyMap<string, Signature>;
  /** Paths given that cannot be listed, and why: what was known below them stays. */
  readonly unlisted: ReadonlyMap<string, string>;
  /** Directories whose events concern these files. */
  readonly watched: ReadonlySet<string>;
  /** Where a file really lies, where that is another place: target → path as listed. */
  readonly targets: ReadonlyMap<string, string>;
}

/** Paths as listings compose them: `./maps/` is `maps`. */
export function plainPaths(paths: readonly string[]): readonly string[] {
  return paths.map(path => normalize(path).replace(/(?<=.)\/$/, ''));
}

const MANIFEST = /\.(?:ya?ml|json)$/;

/** `*.yaml`, `*.yml`, `*.json`, not hidden: what kubectl takes from a directory. */
export function isManifestName(name: string): boolean {
  return MANIFEST.test(name) && !name.startsWith('.');
}

/** Lists files and directories (not what lies deeper, as `kubectl apply -f DIR`), following symlinks. */
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
  return { files: ordered(files), unlisted, watched, targets };
}

/** stat takes 3 µs here and 20 in the thread pool: done here, in slices of a millisecond or two. */
const SLICE = 500;

/** Files by path, and whether each is a symlink. */
function filesOf(path: string, watched: Set<string>): readonly (readonly [string, boolean])[] {
  if (!statSync(path).isDirectory()) return [[path, true]];
  watched.add(path);
  return readdirSync(path, { withFileTypes: true })
    .filter(entry => isManifestName(entry.name) && !entry.isDirectory())
    .map(entry => [join(path, entry.name), entry.isSymbolicLink()]);
}

/** Events come from where a file really lies. */
function followLink(path: string, targets: Map<string, string>, watched: Set<string>): void {
  try {
    const target = realpathSync(path);
    if (target === path) return;
    targets.set(target, path);
    watched.add(dirname(target));
  } catch {
    // Leads nowhere: reading it will say so.
  }
}

/** By path, whatever the order of the directory and of the disk. */
function ordered(files: ReadonlyMap<string, Signature>): ReadonlyMap<string, Signature> {
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The state of what lies at a path now. */
export function signatureAt(path: string): Signature {
  try {
    return signatureOf(statSync(path));
  } catch (error) {
    return `unreadable:${reasonOf(error)}`;
  }
}

/** Nothing where it cannot be had, for whatever reason: reading the file will tell. */
export function statsOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function signatureOf(stats: Stats): Signature {
  return `${stats.dev}:${stats.ino}:${stats.size}:${stats.mtimeMs}:${stats.ctimeMs}`;
}

/** `ENOENT` for a file or its directory; anything else is told. */
function unread(error: unknown): FileText {
  if ((error as { code?: string }).code === 'ENOENT') return { kind: 'missing' };
  return {
    kind: 'unreadable',
    message: `Cannot read: ${reasonOf(error)}`,
    signature: `unreadable:${reasonOf(error)}`,
  };
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

function wrongFile(stats: Stats): string | undefined {
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
