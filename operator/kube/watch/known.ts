import { objectKey } from '../../api/metadata.ts';
import { compareVersions } from '../../api/resourceversion.ts';
import type { KubeObject } from '../client/resource.ts';

/** What is remembered of an object: who it is, how old, and what the transform made of it. */
export interface CachedObject<T> {
  readonly uid: string | undefined;
  readonly generation: number | undefined;
  readonly resourceVersion: string;
  readonly item: T;
}

export interface ObjectReader<T> {
  readonly transform: (object: KubeObject) => T;
  /** An object of which only status or metadata changed is the same item. */
  readonly ignoreUnchangedGeneration: boolean;
  /** A transform that throws costs its object, nobody else. */
  readonly unreadable: (key: string, error: unknown) => void;
}

/** The object as known from now on; nothing where it was never readable. */
export function readObject<T>(
  object: KubeObject,
  before: CachedObject<T> | undefined,
  reading: ObjectReader<T>,
): CachedObject<T> | undefined {
  const { uid, generation, resourceVersion = '' } = object.metadata;
  if (before !== undefined && sameContent(object, before, reading))
    return before.resourceVersion === resourceVersion ? before : { ...before, resourceVersion };
  try {
    return { uid, generation, resourceVersion, item: reading.transform(object) };
  } catch (error) {
    reading.unreadable(objectKey(object.metadata), error);
    return before?.uid === uid ? before : undefined;
  }
}

function sameContent<T>(
  { metadata }: KubeObject,
  before: CachedObject<T>,
  reading: ObjectReader<T>,
): boolean {
  if (metadata.uid === undefined || metadata.uid !== before.uid) return false;
  if (metadata.resourceVersion === before.resourceVersion) return true;
  return (
    reading.ignoreUnchangedGeneration &&
    metadata.generation !== undefined &&
    metadata.generation === before.generation
  );
}

/** A stream that starts over may tell the past of an object. */
export function isOlder<T>({ metadata }: KubeObject, before: CachedObject<T> | undefined): boolean {
  return (
    before !== undefined &&
    metadata.uid === before.uid &&
    metadata.resourceVersion !== undefined &&
    compareVersions(metadata.resourceVersion, before.resourceVersion) < 0
  );
}
