import { expect } from 'chai';
import fc from 'fast-check';
import { innerMemory } from './clusterrollup.ts';
import type { FactsFixture } from './testing/facts.ts';
import { labelled, StatusFixture } from './testing/fixture.ts';

const NODES = ['a', 'b', 'c', 'd'];
const INNERS = ['w', 'x', 'y', 'z'];

type Change = (scene: StatusFixture) => void;

const node = fc.constantFrom(...NODES);
const inner = fc.constantFrom(...INNERS);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(node, fc.constantFrom('p', 'q')).map(
    ([name, zone]): Change =>
      scene =>
        scene.node(name, { zone }),
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.agent(name),
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.agentGone(name),
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.reboot(name),
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.world.removeNode(name),
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.agent(name, { notReadySince: scene.now }),
  ),
  fc.tuple(inner, fc.constantFrom(undefined, 'p', 'q'), fc.nat(2)).map(
    ([name, zone, key]): Change =>
      scene =>
        scene.inner(name, { key, ...(zone === undefined ? {} : { selector: labelled('zone', zone) }) }),
  ),
  inner.map(
    (name): Change =>
      scene =>
        scene.delete(name),
  ),
  fc.tuple(node, fc.nat(12), fc.subarray(INNERS), fc.nat(1)).map(
    ([name, back, failing, more]): Change =>
      scene =>
        scene.report(name, 'tenants', {
          watermark: scene.version - back,
          failing,
          failuresTotal: failing.length + more,
        }),
  ),
  fc.constant<Change>(scene => scene.outer('tenants')),
  fc.constantFrom(1_000, 60_000, 75_000).map(
    (time): Change =>
      scene =>
        scene.pass(time),
  ),
  fc.constant<Change>(scene => scene.world.distrust(scene.version - 3, scene.now)),
  fc.constant<Change>(scene => scene.fold()),
);

/** What a node says of an object, by the definition alone: no index, no order, only since when things are so. */
function answerOf({ world, now }: StatusFixture, nodeName: string, name: string): string | undefined {
  const { state, memory } = world;
  const outer = state.outers.get('tenants');
  const inner = innerMemory(memory, `team/${name}`);
  const facts = state.nodes.get(nodeName);
  if (facts === undefined || outer === undefined || inner === undefined) return undefined;
  const zone = inner.facts.selector?.matchLabels['zone'];
  if (zone !== undefined && facts.labels['zone'] !== zone) return undefined;
  const rank = memory.nodes!.all.findIndex(node => node.facts === facts);
  const { agentGoneAt } = memory.nodes!.all[rank]!;
  const pods = [...state.pods.values()].filter(pod => pod.node === nodeName);
  if (pods.length === 0 && (agentGoneAt === undefined || now - agentGoneAt >= 60_000)) return 'withoutAgent';
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

function modelOf(scene: StatusFixture, name: string) {
  const answers = NODES.map(each => answerOf(scene, each, name));
  const count = (wanted: string) => answers.filter(answer => answer === wanted).length;
  const [ready, failed, unknown, behind] = ['ready', 'failed', 'unknown', 'behind'].map(count) as number[];
  const desired = ready! + failed! + unknown! + behind!;
  const withoutAgent = count('withoutAgent');
  return { desired, ready, failed, unknown, withoutAgent, summary: `${ready}/${desired}` };
}

describe('rollUpCluster', () => {
  it('agrees with the definition, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), changes => {
        const scene = new StatusFixture().nodes('a', 'b').outer('tenants').inner('w').listed();
        for (const apply of changes) apply(scene);
        for (const name of INNERS) {
          if (!scene.world.state.inners.has(`team/${name}`)) continue;
          const { nodes, conditions } = scene.innerStatus(name);
          expect(nodes).to.deep.equal(modelOf(scene, name));
          if (conditions[2]!.status === 'True') expect(nodes.ready).to.equal(nodes.desired).and.above(0);
        }
        expect(scene.outerStatus().innerMaps).to.equal(
          INNERS.filter(
            name => scene.world.state.inners.has(`team/${name}`) && scene.accepted(name) === 'True Accepted',
          ).length,
        );
      }),
      { numRuns: 300, seed: 20261125 },
    );
  });

  it('tells of every object whose status becomes another', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), changes => {
        const scene = new StatusFixture().nodes('a', 'b').outer('tenants').inner('w').listed().fold();
        let before = statusesOf(scene);
        for (const apply of changes) {
          apply(scene);
          scene.fold();
          const after = statusesOf(scene);
          const told = new Set(scene.told.map(({ id }) => id));
          for (const [id, text] of after)
            if (before.get(id) !== text) expect(told.has(id), `${id} ${text}`).to.equal(true);
          before = after;
        }
      }),
      { numRuns: 200, seed: 20261125 },
    );
  });

  it('makes the same of the same facts in any order', () => {
    const facts = factsOfSomeCluster();
    fc.assert(
      fc.property(fc.shuffledSubarray([...facts], { minLength: facts.length }), shuffled => {
        const scene = new StatusFixture();
        for (const put of shuffled) put(scene.world);
        scene.world.listed('150', 0);
        expect(Object.fromEntries(statusesOf(scene.fold()))).to.deep.equal(expectedOf(facts));
      }),
      { numRuns: 200, seed: 20261125 },
    );
  });

  it('leaves an outer map out of which nothing changed, and finds what time alone has changed', () => {
    const scene = new StatusFixture().nodes('a', 'b').outer('tenants').outer('other', { pin: 'x' });
    scene.inner('w', { key: 1 }).inner('z', { outer: 'other' }).listed();
    scene.report('a').report('b').report('a', 'other').fold();
    const memoryOf = (name: string) => scene.world.memory.outers.get(name)!;
    const [tenants, other] = [memoryOf('tenants').groups, memoryOf('other').groups];
    scene.inner('w', { key: 1 }).fold();
    expect(memoryOf('other').groups).to.equal(other);
    expect(memoryOf('tenants').groups).not.to.equal(tenants);
    scene.pass(75_000).fold();
    expect(memoryOf('other').groups).not.to.equal(other);
  });

  it('rolls up those first of which something was deleted', () => {
    const scene = new StatusFixture().nodes('a').outer('other', { pin: 'x' }).outer('tenants');
    scene.inner('w', { key: 1 }).inner('z', { outer: 'other' }).listed().report('a').fold();
    scene.inner('z', { outer: 'other' });
    expect([...scene.delete('w').fold().told].at(-1)!.id).to.equal('tenants');
  });
});

function expectedOf(facts: readonly ((world: FactsFixture) => void)[]): Record<string, string> {
  const scene = new StatusFixture();
  for (const put of facts) put(scene.world);
  scene.world.listed('150', 0);
  return Object.fromEntries(statusesOf(scene.fold()));
}

/** All statuses as texts. */
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

/** Facts of a scene, each to be put by itself. */
function factsOfSomeCluster(): readonly ((world: FactsFixture) => void)[] {
  const scene = new StatusFixture().node('a', { zone: 'p' }).nodes('b', 'c').agent('a').outer('tenants');
  scene.outer('other', { pin: 'x' }).outer('third', { pin: 'x' });
  scene.inner('w', { key: 1 }).inner('x', { key: 1, createdAt: '2026-01-02T00:00:00Z' });
  scene.inner('y', { key: 2, selector: labelled('zone', 'p') }).inner('z', { outer: 'other' });
  scene
    .report('a')
    .report('b', 'tenants', { failing: ['w'], failuresTotal: 2 })
    .report('c', 'other');
  const { nodes, pods, states, outers, inners } = scene.world.state;
  return [
    ...[...nodes.values()].map(node => (world: FactsFixture) => world.putNode(node, 0)),
    ...[...pods.values()].map(pod => (world: FactsFixture) => world.putPod(pod, 0)),
    ...[...states.values()].map(state => (world: FactsFixture) => world.putState(state)),
    ...[...outers.values()].map(outer => (world: FactsFixture) => world.putOuter(outer, 0)),
    ...[...inners.values()].map(inner => (world: FactsFixture) => world.putInner(inner, 0)),
  ];
}
