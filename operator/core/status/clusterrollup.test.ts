import { expect } from 'chai';
import fc from 'fast-check';
import { innerMemory } from './clusterrollup.ts';
import type { FactsFixture } from './testing/facts.ts';
import { labelled, StatusFixture } from './testing/fixture.ts';

const NODES = ['a', 'b', 'c', 'd'];
const INNERS = ['w', 'x', 'y', 'z'];

type Change = (fixture: StatusFixture) => void;

const node = fc.constantFrom(...NODES);
const inner = fc.constantFrom(...INNERS);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(node, fc.constantFrom('p', 'q')).map(
    ([name, zone]): Change =>
      fixture =>
        fixture.node(name, { zone }),
  ),
  node.map(
    (name): Change =>
      fixture =>
        fixture.agent(name),
  ),
  node.map(
    (name): Change =>
      fixture =>
        fixture.agentGone(name),
  ),
  node.map(
    (name): Change =>
      fixture =>
        fixture.reboot(name),
  ),
  node.map(
    (name): Change =>
      fixture =>
        fixture.world.removeNode(name),
  ),
  node.map(
    (name): Change =>
      fixture =>
        fixture.agent(name, { notReadySince: fixture.now }),
  ),
  fc.tuple(inner, fc.constantFrom(undefined, 'p', 'q'), fc.nat(2)).map(
    ([name, zone, key]): Change =>
      fixture =>
        fixture.inner(name, { key, ...(zone === undefined ? {} : { selector: labelled('zone', zone) }) }),
  ),
  inner.map(
    (name): Change =>
      fixture =>
        fixture.delete(name),
  ),
  fc.tuple(node, fc.nat(12), fc.subarray(INNERS), fc.nat(1)).map(
    ([name, back, failing, more]): Change =>
      fixture =>
        fixture.report(name, 'tenants', {
          watermark: fixture.version - back,
          failing,
          failuresTotal: failing.length + more,
        }),
  ),
  fc.constant<Change>(fixture => fixture.outer('tenants')),
  fc.constantFrom(1_000, 60_000, 75_000).map(
    (time): Change =>
      fixture =>
        fixture.pass(time),
  ),
  fc.constant<Change>(fixture => fixture.world.distrust(fixture.version - 3, fixture.now)),
  fc.constant<Change>(fixture => fixture.fold()),
);

/** The state of one node by definition: computed without any index or order. */
function answerOf({ world, now }: StatusFixture, nodeName: string, name: string): string | undefined {
  const { state, memory } = world;
  const outer = state.outers.get('tenants');
  const inner = innerMemory(memory, `team/${name}`);
  const facts = state.nodes.get(nodeName);
  if (facts === undefined || outer === undefined || inner === undefined) return undefined;
  const zone = inner.facts.selector?.matchLabels['zone'];
  if (zone !== undefined && facts.labels['zone'] !== zone) return undefined;
  const rank = memory.nodes!.all.findIndex(node => node.facts === facts);
  const { agentLostAt, hasAgent } = memory.nodes!.all[rank]!;
  const pods = [...state.pods.values()].filter(pod => pod.node === nodeName);
  if (pods.length === 0 && (agentLostAt === undefined || now - agentLostAt >= 60_000)) return 'withoutAgent';
  const isReady = pods.some(({ notReadySince }) => notReadySince === undefined);
  const hasReported = state.states.get(nodeName)?.uid === facts.uid;
  // The memory of earlier turns alone knows whether it was Ready before
  if (pods.length > 0 && !isReady && !hasReported && !hasAgent) return 'withoutAgent';
  const sleeping = pods.filter(
    ({ notReadySince }) => notReadySince !== undefined && now - notReadySince >= 60_000,
  );
  if (pods.length > 0 && sleeping.length === pods.length) return 'unknown';
  const report = state.states.get(nodeName);
  const entry = report?.outers.get('tenants');
  const isPresent =
    report !== undefined &&
    entry !== undefined &&
    [report.uid, report.bootID, report.labelsHash].join() ===
      [facts.uid, facts.bootID, facts.labelsHash].join() &&
    entry.uid === outer.uid &&
    entry.generation === outer.generation &&
    entry.watermark <= report.version &&
    !memory.guard.covers(report);
  const progress = memory.outers.get('tenants')!.progress.byRank[rank];
  const absentSince = progress?.kind === 'absent' ? progress.since! : now;
  if (!isPresent) return now - absentSince >= 75_000 ? 'unknown' : 'behind';
  if (entry.watermark < Number(inner.specResourceVersion))
    return now - inner.seenAt >= 75_000 ? 'unknown' : 'behind';
  if (entry.inners.has(`team/${name}`)) return 'failed';
  return entry.failuresTotal > entry.listed ? 'unknown' : 'ready';
}

function modelOf(fixture: StatusFixture, name: string) {
  const answers = NODES.map(each => answerOf(fixture, each, name));
  const count = (wanted: string) => answers.filter(answer => answer === wanted).length;
  const [ready, failed, unknown, behind] = ['ready', 'failed', 'unknown', 'behind'].map(count) as number[];
  const desired = ready! + failed! + unknown! + behind!;
  const withoutAgent = count('withoutAgent');
  return { desired, ready, failed, unknown, withoutAgent, summary: `${ready}/${desired}` };
}

describe('rollUpCluster', () => {
  it('agrees with the definition, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60, size: 'max' }), changes => {
        const fixture = new StatusFixture().nodes('a', 'b').outer('tenants').inner('w').listed();
        for (const apply of changes) apply(fixture);
        for (const name of INNERS) {
          if (!fixture.world.state.inners.has(`team/${name}`)) continue;
          const { nodes, conditions } = fixture.innerStatus(name);
          expect(nodes).to.deep.equal(modelOf(fixture, name));
          if (conditions[2]!.status === 'True') expect(nodes.ready).to.equal(nodes.desired).and.above(0);
        }
        expect(fixture.outerStatus().innerMaps).to.equal(
          INNERS.filter(
            name =>
              fixture.world.state.inners.has(`team/${name}`) && fixture.accepted(name) === 'True Accepted',
          ).length,
        );
      }),
      { numRuns: 300, seed: 20261125 },
    );
  });

  it('reports every object whose status changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40, size: 'max' }), changes => {
        const fixture = new StatusFixture().nodes('a', 'b').outer('tenants').inner('w').listed().fold();
        let before = statusesOf(fixture);
        for (const apply of changes) {
          apply(fixture);
          fixture.fold();
          const after = statusesOf(fixture);
          const changed = new Set(fixture.changes.map(({ id }) => id));
          for (const [id, text] of after)
            if (before.get(id) !== text) expect(changed.has(id), `${id} ${text}`).to.equal(true);
          before = after;
        }
      }),
      { numRuns: 200, seed: 20261125 },
    );
  });

  it('gives the same statuses for the same facts in any order', () => {
    const facts = factsOfSomeCluster();
    fc.assert(
      fc.property(fc.shuffledSubarray([...facts], { minLength: facts.length }), shuffled => {
        const fixture = new StatusFixture();
        for (const put of shuffled) put(fixture.world);
        fixture.world.listed('150', 0);
        expect(Object.fromEntries(statusesOf(fixture.fold()))).to.deep.equal(expectedOf(facts));
      }),
      { numRuns: 200, seed: 20261125 },
    );
  });

  it('skips an unchanged outer map until its recheck time', () => {
    const fixture = new StatusFixture().nodes('a', 'b').outer('tenants').outer('other', { pin: 'x' });
    fixture.inner('w', { key: 1 }).inner('z', { outer: 'other' }).listed();
    fixture.report('a').report('b').report('a', 'other').fold();
    const memoryOf = (name: string) => fixture.world.memory.outers.get(name)!;
    const [tenants, other] = [memoryOf('tenants').groups, memoryOf('other').groups];
    fixture.inner('w', { key: 1 }).fold();
    expect(memoryOf('other').groups).to.equal(other);
    expect(memoryOf('tenants').groups).not.to.equal(tenants);
    fixture.pass(75_000).fold();
    expect(memoryOf('other').groups).not.to.equal(other);
  });

  it('rolls up outer maps with a new deletion first', () => {
    const fixture = new StatusFixture().nodes('a').outer('other', { pin: 'x' }).outer('tenants');
    fixture.inner('w', { key: 1 }).inner('z', { outer: 'other' }).listed().report('a').fold();
    fixture.inner('z', { outer: 'other' });
    expect([...fixture.delete('w').fold().changes].at(-1)!.id).to.equal('tenants');
  });
});

function expectedOf(facts: readonly ((world: FactsFixture) => void)[]): Record<string, string> {
  const fixture = new StatusFixture();
  for (const put of facts) put(fixture.world);
  fixture.world.listed('150', 0);
  return Object.fromEntries(statusesOf(fixture.fold()));
}

/** The texts of all statuses. */
function statusesOf({ world }: StatusFixture): ReadonlyMap<string, string> {
  const date = '2026-01-01T00:00:00Z';
  const inners = [...world.state.inners.keys()].map(
    key => [key, JSON.stringify(world.innerStatusOf(key, date))] as const,
  );
  const outers = [...world.state.outers.keys()].map(
    name => [name, JSON.stringify(world.outerStatusOf(name, date))] as const,
  );
  return new Map([...inners, ...outers].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Steps that put the facts of a fixture one by one. */
function factsOfSomeCluster(): readonly ((world: FactsFixture) => void)[] {
  const fixture = new StatusFixture().node('a', { zone: 'p' }).nodes('b', 'c').agent('a').outer('tenants');
  fixture.outer('other', { pin: 'x' }).outer('third', { pin: 'x' });
  fixture.inner('w', { key: 1 }).inner('x', { key: 1, createdAt: '2026-01-02T00:00:00Z' });
  fixture.inner('y', { key: 2, selector: labelled('zone', 'p') }).inner('z', { outer: 'other' });
  fixture
    .report('a')
    .report('b', 'tenants', { failing: ['w'], failuresTotal: 2 })
    .report('c', 'other');
  const { nodes, pods, states, outers, inners } = fixture.world.state;
  return [
    ...[...nodes.values()].map(node => (world: FactsFixture) => world.putNode(node, 0)),
    ...[...pods.values()].map(pod => (world: FactsFixture) => world.putPod(pod, 0)),
    ...[...states.values()].map(state => (world: FactsFixture) => world.putState(state)),
    ...[...outers.values()].map(outer => (world: FactsFixture) => world.putOuter(outer, 0)),
    ...[...inners.values()].map(inner => (world: FactsFixture) => world.putInner(inner, 0)),
  ];
}
