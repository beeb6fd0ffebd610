import { parentPort } from 'node:worker_threads';
import type { WantedInner } from '../../../core/wanted.ts';
import type { ReadOptions } from '../manifests.ts';
import { type FileResult, readFiles } from './read.ts';

/** Files to read, in one job. */
export interface Job {
  readonly job: number;
  readonly paths: readonly string[];
  readonly options: ReadOptions;
}

/** InnerMaps of a file come in parts before its result: one large message would block the other thread. */
export type Answer =
  | { readonly kind: 'part'; readonly job: number; readonly innerMaps: readonly WantedInner[] }
  | { readonly kind: 'file'; readonly job: number; readonly result: FileResult }
  | { readonly kind: 'done'; readonly job: number };

const PART = 500;

/** This thread reads files that would stall the event loop. It must never load koffi, which does not survive a second thread. */
parentPort?.on('message', ({ job, paths, options }: Job) => {
  for (const result of readFiles(paths, options))
    post({ kind: 'file', job, result: withoutParts(job, result) });
  post({ kind: 'done', job });
});

/** Posts the InnerMaps of a result, and returns the rest of it. */
function withoutParts(job: number, result: FileResult): FileResult {
  if (result.kind !== 'read') return result;
  const innerMaps = result.reading.innerMaps.map(movable);
  for (let start = 0; start < innerMaps.length; start += PART) {
    const part = innerMaps.slice(start, start + PART);
    post({ kind: 'part', job, innerMaps: part }, part.flatMap(buffersOf));
  }
  return { ...result, reading: { ...result.reading, innerMaps: [] } };
}

function post(answer: Answer, transfer: ArrayBuffer[] = []): void {
  parentPort?.postMessage(answer, transfer);
}

/** Bytes that own their whole buffer can change threads. A view would take its whole larger buffer along, so it is copied. */
function movable(inner: WantedInner): WantedInner {
  if (inner.content.kind !== 'encoded') return inner;
  const { entries } = inner.content;
  const owned = { ...entries, keys: ownedBytes(entries.keys), values: ownedBytes(entries.values) };
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
