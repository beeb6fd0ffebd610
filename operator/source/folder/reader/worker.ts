import { parentPort } from 'node:worker_threads';
import type { Entries } from '../../../core/entries.ts';
import type { WantedInner } from '../../../core/wanted.ts';
import type { ReadOptions } from '../manifests.ts';
import { type FileResult, readFiles } from './read.ts';

/** Files to read, in one job. */
export interface Job {
  readonly job: number;
  readonly paths: readonly string[];
  readonly options: ReadOptions;
}

/** InnerMaps of a file come in parts before its result: the other thread is not to be blocked by one large message. */
export type Answer =
  | { readonly kind: 'part'; readonly job: number; readonly innerMaps: readonly WantedInner[] }
  | { readonly kind: 'file'; readonly job: number; readonly result: FileResult }
  | { readonly kind: 'done'; readonly job: number };

const PART = 500;

/** The thread that reads what is too much for the event loop. It must never load koffi, which does not survive a second thread. */
parentPort?.on('message', ({ job, paths, options }: Job) => {
  for (const result of readFiles(paths, options)) send(job, result);
  parentPort?.postMessage({ kind: 'done', job } satisfies Answer);
});

function send(job: number, result: FileResult): void {
  if (result.kind !== 'read') {
    post({ kind: 'file', job, result }, []);
    return;
  }
  const innerMaps = result.reading.innerMaps.map(movable);
  for (let start = 0; start < innerMaps.length; start += PART) {
    const part = innerMaps.slice(start, start + PART);
    post({ kind: 'part', job, innerMaps: part }, part.flatMap(buffersOf));
  }
  post({ kind: 'file', job, result: { ...result, reading: { ...result.reading, innerMaps: [] } } }, []);
}

function post(answer: Answer, transfer: ArrayBuffer[]): void {
  parentPort?.postMessage(answer, transfer);
}

/** Bytes that own all of their buffer can change threads; views of a larger one would take it all along, so they are copied. */
function movable(inner: WantedInner): WantedInner {
  if (inner.content.kind !== 'encoded') return inner;
  const { entries } = inner.content;
  const owned: Entries = {
    count: entries.count,
    keys: ownedBytes(entries.keys),
    values: ownedBytes(entries.values),
  };
  return { ...inner, content: { ...inner.content, entries: owned } };
}

function ownedBytes(bytes: Uint8Array): Uint8Array {
  const isWhole = bytes.byteLength > 0 && bytes.byteLength === bytes.buffer.byteLength;
  return isWhole ? bytes : bytes.slice();
}

function buffersOf({ content }: WantedInner): ArrayBuffer[] {
  if (content.kind !== 'encoded') return [];
  const { keys, values } = content.entries;
  return [keys, values].filter(bytes => bytes.byteLength > 0).map(bytes => bytes.buffer as ArrayBuffer);
}
