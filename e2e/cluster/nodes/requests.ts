import type { ControlPlaneFixture } from '../controlplanefixture.ts';

/** Requests that the API server has answered, by what was request: `PATCH innermaps/status`. Watches aside. */
export type Requests = ReadonlyMap<string, number>;

/** The server's own count. Reviews of rights and tokens are its own affair. */
export async function requestsTo(fixture: ControlPlaneFixture): Promise<Requests> {
  const text = await fixture.kubectl.must(['get', '--raw', '/metrics']);
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (!line.startsWith('apiserver_request_total{')) continue;
    const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
    const [verb, resource, subresource] = ['verb', 'resource', 'subresource'].map(label);
    if (verb === 'WATCH' || resource === '') continue;
    const request = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
    counts.set(request, (counts.get(request) ?? 0) + Number(line.split(' ').at(-1)));
  }
  return counts;
}

/** What has come between two counts, of these kinds alone. */
export function requestsBetween(
  before: Requests,
  after: Requests,
  ...resources: readonly string[]
): Record<string, number> {
  const more = [...after].map(([request, count]) => [request, count - (before.get(request) ?? 0)] as const);
  const ours = more.filter(([request, count]) => {
    const resource = request.split(' ')[1]!.split('/')[0]!;
    return count > 0 && resources.includes(resource);
  });
  return Object.fromEntries(ours.toSorted());
}
