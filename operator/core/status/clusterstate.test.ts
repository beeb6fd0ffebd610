import { expect } from 'chai';
import fc from 'fast-check';
import { runToEnd } from '../steps.ts';
import type { World } from './old/clusterstate.ts';
import { innerStatus, outerStatus } from './old/statuses.ts';
import { labelled, SummaryScene } from './testing/scene.ts';

const NODES = ['a', 'b', 'c', 'd'];
const INNERS = ['w', 'x', 'y', 'z'];

type Change = (scene: SummaryScene) => void;

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

/** What a node says of an object, by the definition alone: no index, no order, no memory of the last look. */
function answerOf(scene: SummaryScene, nodeName: string, name: string): string | undefined {
  const { world, now } = scene;
  const outer = world.outers.get('tenants');
  const inner = world.inners.get(`team/${name}`);
  const record = world.nodes.get(nodeName);
  if (record?.facts === undefined || outer?.facts === undefined || inner === undefined) return undefined;
  const zone = inner.facts.selector?.matchLabels['zone'];
  if (zone !== undefined && record.facts.labels['zone'] !== zone) return undefined;
  const { pods, podGoneAt, state, facts } = record;
  if (pods.size === 0 && (podGoneAt === undefined || now - podGoneAt >= 60_000)) return 'withoutAgent';
  const sleeping = [...pods.values()].filter(
    ({ notReadySince }) => notReadySince !== undefined && now - notReadySince >= 60_000,
  );
  if (pods.size > 0 && sleeping.length === pods.size) return 'unknown';
  const entry = state?.outers.get('tenants');
  const isPresent =
    state !== undefined &&
    entry !== undefined &&
    [state.uid, state.bootID, state.labelsHash].join() ===
      [facts.uid, facts.bootID, facts.labelsHash].join() &&
    entry.uid === outer.facts.uid &&
    entry.generation === outer.facts.generation &&
    entry.watermark <= state.version &&
    !world.isDistrusted(state);
  if (!isPresent) return now - (outer.absentSince.get(record) ?? now) >= 75_000 ? 'unknown' : 'behind';
  if (entry.watermark < Number(inner.specResourceVersion))
    return now - inner.seenAt >= 75_000 ? 'unknown' : 'behind';
  if (entry.inners.has(`team/${name}`)) return 'failed';
  return entry.failuresTotal > entry.listed ? 'unknown' : 'ready';
}

function modelOf(scene: SummaryScene, name: string) {
  const answers = NODES.map(each => answerOf(scene, each, name));
  const count = (wanted: string) => answers.filter(answer => answer === wanted).length;
  const [ready, failed, unknown, behind] = ['ready', 'failed', 'unknown', 'behind'].map(count) as number[];
  const desired = ready! + failed! + unknown! + behind!;
  const withoutAgent = count('withoutAgent');
  return { desired, ready, failed, unknown, withoutAgent, summary: `${ready}/${desired}` };
}

describe('World', () => {
  it('agrees with the definition, whatever happened before', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), changes => {
        const scene = new SummaryScene().nodes('a', 'b').outer('tenants').inner('w').listed();
        for (const apply of changes) apply(scene);
        for (const name of INNERS) {
          if (!scene.world.inners.has(`team/${name}`)) continue;
          const { nodes, conditions } = scene.innerStatus(name);
          expect(nodes).to.deep.equal(modelOf(scene, name));
          if (conditions[2]!.status === 'True') expect(nodes.ready).to.equal(nodes.desired).and.above(0);
        }
        expect(scene.outerStatus().innerMaps).to.equal(
          INNERS.filter(
            name => scene.world.inners.has(`team/${name}`) && scene.accepted(name) === 'True Accepted',
          ).length,
        );
      }),
      { numRuns: 300, seed: 20261125 },
    );
  });

  it('tells of every object whose status becomes another', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), changes => {
        const scene = new SummaryScene().nodes('a', 'b').outer('tenants').inner('w').listed().fold();
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
        const scene = new SummaryScene();
        for (const put of shuffled) put(scene.world);
        scene.world.listed('150', 0);
        expect(Object.fromEntries(statusesOf(scene.fold()))).to.deep.equal(expectedOf(facts));
      }),
      { numRuns: 200, seed: 20261125 },
    );
  });

  it('is calm when watermarks advance where nobody is behind, and else not', () => {
    const scene = new SummaryScene().nodes('a', 'b').outer('tenants').inner('w', { key: 1 }).listed();
    const isCalmAfter = (change: () => unknown): boolean => {
      scene.report('a').report('b').fold().fold();
      expect(scene.world.isDirty).to.equal(false);
      change();
      expect(scene.world.isDirty).to.equal(true);
      return scene.world.isCalm;
    };
    expect(isCalmAfter(() => scene.report('a'))).to.equal(true);
    expect(isCalmAfter(() => scene.inner('w', { key: 1 }))).to.equal(false);
    expect(isCalmAfter(() => scene.inner('w', { key: 1 }).fold().report('a'))).to.equal(false);
    expect(isCalmAfter(() => scene.delete('w'))).to.equal(false);
    expect(isCalmAfter(() => scene.inner('w', { key: 1 }).delete('w').fold().report('a'))).to.equal(false);
    expect(isCalmAfter(() => scene.report('a', 'tenants', { failing: ['w'] }))).to.equal(false);
    expect(
      isCalmAfter(() =>
        scene
          .report('a', 'tenants', { failing: ['w'] })
          .fold()
          .report('a'),
      ),
    ).to.equal(false);
    expect(isCalmAfter(() => scene.report('a', 'tenants', { failuresTotal: 1 }))).to.equal(false);
    expect(isCalmAfter(() => scene.node('a', { zone: 'p' }))).to.equal(false);
    expect(isCalmAfter(() => scene.reboot('b'))).to.equal(false);
    expect(isCalmAfter(() => scene.outer('tenants'))).to.equal(false);
  });

  it('may be interrupted by new facts', () => {
    const scene = new SummaryScene().nodes('a').outer('tenants').listed();
    for (let name = 0; name < 40; name++) scene.inner(`i${name}`, { key: name % 16 });
    scene.report('a').fold();
    const folding = scene.outer('tenants').world.fold(scene.now, told => scene.told.push(told));
    expect(folding.next().done).to.equal(false);
    scene.delete('i39').inner('i40', { key: 3 });
    scene.world.removeOuter('tenants');
    runToEnd(folding);
    expect(scene.ready('i1')).to.equal('False OuterMapNotFound');
  });
});

function expectedOf(facts: readonly ((world: World) => void)[]): Record<string, string> {
  const scene = new SummaryScene();
  for (const put of facts) put(scene.world);
  scene.world.listed('150', 0);
  return Object.fromEntries(statusesOf(scene.fold()));
}

/** All statuses as texts, but for digests' and times' sake nothing left out. */
function statusesOf({ world, now }: SummaryScene): ReadonlyMap<string, string> {
  const moment = { now, date: '2026-01-01T00:00:00Z' };
  const inners = [...world.inners].map(
    ([id, record]) => [id, JSON.stringify(innerStatus(record, world, moment))] as const,
  );
  const outers = [...world.outers.values()]
    .filter(({ facts }) => facts !== undefined)
    .map(record => [record.name, JSON.stringify(outerStatus(record, world, moment))] as const);
  return new Map([...inners, ...outers].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Facts of a scene, each to be put by itself. */
function factsOfSomeCluster(): readonly ((world: World) => void)[] {
  const scene = new SummaryScene().node('a', { zone: 'p' }).nodes('b', 'c').agent('a').outer('tenants');
  scene.outer('other', { pin: 'x' }).outer('third', { pin: 'x' });
  scene.inner('w', { key: 1 }).inner('x', { key: 1, createdAt: '2026-01-02T00:00:00Z' });
  scene.inner('y', { key: 2, selector: labelled('zone', 'p') }).inner('z', { outer: 'other' });
  scene
    .report('a')
    .report('b', 'tenants', { failing: ['w'], failuresTotal: 2 })
    .report('c', 'other');
  const { nodes, outers, inners } = scene.world;
  const known = [...nodes.known()];
  return [
    ...known.map(
      ({ facts }) =>
        (world: World) =>
          world.putNode(facts!, 0),
    ),
    ...known.flatMap(({ pods }) => [...pods.values()].map(pod => (world: World) => world.putPod(pod, 0))),
    ...known.map(
      ({ state }) =>
        (world: World) =>
          world.putState(state!),
    ),
    ...[...outers.values()].map(
      ({ facts }) =>
        (world: World) =>
          world.putOuter(facts!, 0),
    ),
    ...[...inners.values()].map(
      ({ facts }) =>
        (world: World) =>
          world.putInner(facts, 0),
    ),
  ];
}
