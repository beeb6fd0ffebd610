import { labelsHash } from '../../../operator/core/report/nodereport.ts';
import type { ControlPlaneFixture } from '../controlplanefixture.ts';
import { Calls, SYSTEM } from './calls.ts';
import { innerMap, nodeWith, podOn, type StateParts, stateOf, TENANTS } from './objects.ts';

const LABELS = { zone: 'a' };

export const ENTRIES: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 2],
  [3, 3],
];

/** Gives a suite one node that is well, and one of each kind that is not. */
export function useCalls(fixture: ControlPlaneFixture): () => Calls {
  let calls: Calls;
  before(async function () {
    this.timeout(120_000);
    calls = new Calls(fixture);
    await calls.begin();
    await declareObjects(calls, fixture);
  });
  after(() => calls.end());
  return () => calls;
}

async function declareObjects(calls: Calls, fixture: ControlPlaneFixture): Promise<void> {
  await maps(calls, fixture);
  const account = { name: 'default', namespace: SYSTEM };
  await fixture.put({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: account });
  for (const name of ['n1', 'n2', 'n3', 'n4', 'n5', 'n6']) {
    const node = nodeWith(name, LABELS);
    await calls.written(node.object, node.status);
    const pod = podOn(name, SYSTEM);
    if (name !== 'n6') await calls.written(pod.object, pod.status);
  }
  const uid = await calls.field('om', 'tenants', '.metadata.uid');
  const version = await calls.field('im', 'web', '.metadata.resourceVersion');
  for (const { name, ...parts } of reports(uid, version)) {
    const { object, status } = stateOf(name, {
      ...parts,
      uid: await calls.field('node', name, '.metadata.uid'),
    });
    await calls.written(object, status);
  }
}

/** Two InnerMaps; of one of them no controller has told anything. */
async function maps(calls: Calls, fixture: ControlPlaneFixture): Promise<void> {
  await calls.written(TENANTS, { innerMaps: 2, nodes: { summary: '3/4' } });
  await fixture.put(innerMap('team-a/dns', '10.1.0.8', [[1, 1]]));
  const ready = { type: 'Ready', status: 'True', reason: 'Programmed', message: 'as declared' };
  await calls.written(innerMap('team-a/web', '10.1.0.7', ENTRIES), {
    observedGeneration: 1,
    nodes: { summary: '1/4' },
    conditions: [{ ...ready, lastTransitionTime: '2026-11-20T10:00:00Z' }],
  });
}

/** Of n1, which is well; n2, which fails; n3, which was started anew since; n4, whose labels changed. */
function reports(uid: string, version: string): readonly (StateParts & { readonly name: string })[] {
  const labels = labelsHash(LABELS);
  const about = { name: 'tenants', uid, generation: 1, programmedResourceVersion: version };
  const well = { ...about, innerMaps: 2, entries: 24, bytes: 192, failuresTotal: 0 };
  const heldRemoval = { keys: 40, token: 'abc123' };
  const failing = { ...well, innerMaps: 1, entries: 12, failuresTotal: 1, heldRemoval };
  const failure = {
    ...{ kind: 'InnerMap', namespace: 'team-a', name: 'web', outerMap: 'tenants' },
    ...{ reason: 'OutOfMemory', message: 'no memory left' },
  };
  return [
    { name: 'n1', labels, outerMaps: [well] },
    { name: 'n2', labels, outerMaps: [failing], failures: [failure] },
    { name: 'n3', labels, bootID: 'before', outerMaps: [well] },
    { name: 'n4', labels: 'other', outerMaps: [well] },
  ];
}
