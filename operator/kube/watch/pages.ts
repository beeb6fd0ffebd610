import { Slice } from '../../timing/sliced.ts';
import type { KubeObject } from '../client/resource.ts';
import type { Cluster, ListPage, Query, ResourceRef } from '../client.ts';

const FIRST_PAGE = 50;
const LARGEST_PAGE = 500;
/** Length of a page's JSON, which is parsed at once: a few milliseconds. */
const PAGE_LENGTH = 256 * 1024;

interface Paging {
  readonly cluster: Pick<Cluster, 'page'>;
  readonly ref: ResourceRef;
  readonly query: Query;
  readonly signal: AbortSignal;
}

/**
 * Calls `take` for each object and returns the resourceVersion of the list. The request names no resourceVersion: the
 * list is etcd's, not that of a cache which may be behind.
 */
export async function readPages(paging: Paging, take: (object: KubeObject) => void): Promise<string> {
  const { cluster, ref, query, signal } = paging;
  const slice = new Slice();
  let limit = FIRST_PAGE;
  let next: string | undefined;
  for (;;) {
    const page = await cluster.page(ref, { ...query, limit, continue: next }, { signal, attempts: 1 });
    for (const item of page.items) {
      if (slice.over()) await slice.rest();
      take({ apiVersion: page.apiVersion, kind: page.kind, ...item });
    }
    if (page.continue === undefined) return page.resourceVersion;
    next = page.continue;
    if (page.items.length > 0) limit = fittingLimit(page);
  }
}

/** The number of objects that fill a page, judging by the last page. */
function fittingLimit({ items, length }: ListPage): number {
  const fitting = Math.floor((items.length * PAGE_LENGTH) / Math.max(length, 1));
  return Math.max(1, Math.min(fitting, LARGEST_PAGE));
}
