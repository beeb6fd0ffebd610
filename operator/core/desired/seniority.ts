import type { Metadata } from '../../api/metadata.ts';

/** Oldest first: creationTimestamp (objects of a folder have none), then namespace and name. */
export function bySeniority(a: Metadata, b: Metadata): number {
  return (
    compareText(a.creationTimestamp ?? '', b.creationTimestamp ?? '') ||
    compareText(a.namespace ?? '', b.namespace ?? '') ||
    compareText(a.name, b.name)
  );
}

export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
