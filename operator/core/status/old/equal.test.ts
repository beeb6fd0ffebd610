import { expect } from 'chai';
import fc from 'fast-check';
import { FactsFixture } from '../testing/facts.ts';
import { OldWorld } from '../testing/oldworld.ts';
import { labelled, SummaryScene } from '../testing/scene.ts';

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
      scene => {
        if (scene.world.nodeFacts(name) !== undefined) scene.agentGone(name);
      },
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.reboot(name),
  ),
  node.map(
    (name): Change =>
      scene => {
        scene.agentGone(name).world.removeState(name);
        scene.world.removeNode(name);
      },
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
  fc.constantFrom(['other', 'p'], ['third', 'p'], ['third', 'q']).map(
    ([name, pin]): Change =>
      scene =>
        scene.outer(name!, { pin: pin! }),
  ),
  node.map(
    (name): Change =>
      scene =>
        scene.world.removeState(name),
  ),
  fc.tuple(node, fc.nat(3)).map(
    ([name, keys]): Change =>
      scene =>
        scene.report(name, 'tenants', {
          held: { keys, token: 'abc' },
          own: { reason: 'PinInUse', message: 'Taken' },
        }),
  ),
  inner.map(
    (name): Change =>
      scene =>
        scene.inner(name, { uid: `other-${name}`, generation: 1 }),
  ),
  fc.constantFrom(1_000, 60_000, 75_000).map(
    (time): Change =>
      scene =>
        scene.pass(time),
  ),
  fc.constant<Change>(scene => scene.world.distrust(scene.version - 3, scene.now)),
  fc.constant<Change>(scene => scene.fold()),
);

function statusesOf(scene: SummaryScene): Record<string, unknown> {
  scene.fold();
  const statuses: Record<string, unknown> = {};
  for (const name of INNERS)
    if (scene.world.innerFacts(`team/${name}`) !== undefined) statuses[name] = scene.innerStatus(name);
  for (const name of ['tenants', 'other', 'third'])
    if (scene.world.outerFacts(name) !== undefined) statuses[name] = scene.outerStatus(name);
  return statuses;
}

describe('rollUpCluster', () => {
  it('makes what World made, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 60 }), changes => {
        const scenes = [new SummaryScene(new FactsFixture()), new SummaryScene(new OldWorld())];
        for (const scene of scenes) scene.nodes('a', 'b').outer('tenants').inner('w').listed().fold();
        for (const apply of changes) {
          for (const scene of scenes) apply(scene);
          const [now, then] = scenes.map(statusesOf);
          expect(now).to.deep.equal(then);
        }
        for (const scene of scenes) scene.world.removeOuter('tenants');
        const [now, then] = scenes.map(statusesOf);
        expect(now).to.deep.equal(then);
      }),
      { numRuns: Number(process.env['RUNS'] ?? 300) },
    );
  }).timeout(200_000);
});
