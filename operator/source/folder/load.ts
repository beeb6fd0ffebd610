import type { Wanted } from '../../core/wanted.ts';
import { Collector } from './collector.ts';
import type { ObjectSize } from './manifests.ts';

export interface LoadOptions {
  /** Of the machine to which per-CPU values belong; absent where there is none. */
  readonly possibleCpus?: number;
  readonly releases?: readonly string[];
  /** Called while files are read. */
  readonly progress?: (done: number, total: number) => void;
}

/** The declarations of manifests, at one moment. */
export interface LoadResult {
  readonly wanted: Wanted;
  readonly files: number;
  /** The size of each object on an API server. */
  readonly sizes: readonly ObjectSize[];
}

/** Somebody looks at what was saved a moment ago. */
const QUIET_MS = 150;
const PATIENCE_MS = 5_000;

/** Reads folders and files once, as the agent would, for commands that only look. */
export async function loadManifests(
  paths: readonly string[],
  options: LoadOptions = {},
): Promise<LoadResult> {
  const waits = { quietMs: QUIET_MS, patienceMs: PATIENCE_MS };
  const collector = new Collector({
    paths,
    releases: [],
    ...options,
    ...waits,
    weigh: true,
    changed: () => {},
  });
  try {
    await collector.collect();
    return { wanted: collector.wanted, files: collector.files, sizes: collector.sizes };
  } finally {
    await collector.close();
  }
}
