import { refusalOfStatus } from '../client/answer.ts';
import type { ApiStatus } from '../client/error.ts';
import type { KubeObject } from '../client/resource.ts';

export type WatchEvent =
  | { readonly kind: 'put'; readonly object: KubeObject; readonly resourceVersion: string }
  | { readonly kind: 'delete'; readonly object: KubeObject; readonly resourceVersion: string }
  | { readonly kind: 'bookmark'; readonly resourceVersion: string; readonly initialEventsEnd: boolean }
  | { readonly kind: 'error'; readonly refusal: ApiStatus };

/** Bytes that are not UTF-8 are an error: replacement characters would change keys. */
const DECODER = new TextDecoder('utf-8', { fatal: true });

/** Parses one line. A line that is no event throws: skipping it could lose a change. */
export function watchEvent(line: Uint8Array): WatchEvent {
  const { type, object } = record(parsed(line), line);
  const inner = record(object, line);
  if (type === 'ERROR') return { kind: 'error', refusal: refusalOfStatus(inner, 500) };
  const metadata = record(inner['metadata'], line);
  const resourceVersion = metadata['resourceVersion'];
  if (typeof resourceVersion !== 'string' || resourceVersion === '') throw unreadable(line);
  if (type === 'BOOKMARK')
    return { kind: 'bookmark', resourceVersion, initialEventsEnd: endsInitialEvents(metadata) };
  if (typeof metadata['name'] !== 'string') throw unreadable(line);
  if (type === 'ADDED' || type === 'MODIFIED')
    return { kind: 'put', object: inner as unknown as KubeObject, resourceVersion };
  if (type === 'DELETED') return { kind: 'delete', object: inner as unknown as KubeObject, resourceVersion };
  throw unreadable(line);
}

function parsed(line: Uint8Array): unknown {
  try {
    return JSON.parse(DECODER.decode(line));
  } catch {
    throw unreadable(line);
  }
}

function record(value: unknown, line: Uint8Array): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  throw unreadable(line);
}

function endsInitialEvents(metadata: Record<string, unknown>): boolean {
  const annotations = metadata['annotations'] as Record<string, unknown> | null | undefined;
  return annotations?.['k8s.io/initial-events-end'] === 'true';
}

function unreadable(line: Uint8Array): Error {
  const start = Buffer.from(line.subarray(0, 60)).toString('latin1');
  return new Error(
    `Cannot read a watch: a line of ${line.length} bytes is no event, it starts ${JSON.stringify(start)}`,
  );
}
