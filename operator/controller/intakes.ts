import type { InnerFacts, NodeFacts, OuterFacts, PodFacts, StateFacts } from '../core/status/facts.ts';
import type { World } from '../core/status/old/clusterstate.ts';
import type { Clock } from '../timing/clock.ts';
import type { Intake } from './feed.ts';

export interface Intakes {
  readonly innerMaps: Intake<InnerFacts>;
  readonly outerMaps: Intake<OuterFacts>;
  readonly states: Intake<StateFacts>;
  readonly nodes: Intake<NodeFacts>;
  readonly pods: Intake<PodFacts>;
}

export interface Forgetting {
  /** An object is gone: nothing of it is to be written. */
  readonly forget: (kind: 'InnerMap' | 'OuterMap', id: string) => void;
  /** An OuterMap is another than before: contents may have to be read by another layout. */
  readonly outerChanged: (name: string) => void;
}

/** What the world does with objects of each kind. */
export function intakesInto(world: World, clock: Clock, { forget, outerChanged }: Forgetting): Intakes {
  return {
    innerMaps: {
      kind: 'InnerMap',
      keys: () => world.inners.keys(),
      put: facts => {
        if (world.inners.get(facts.key)?.facts.uid !== facts.uid) forget('InnerMap', facts.key);
        world.putInner(facts, clock.now());
        if (facts.wanted?.content.kind === 'pending') outerChanged(facts.outer);
      },
      remove: (key, resourceVersion) => {
        forget('InnerMap', key);
        world.removeInner(key, resourceVersion, clock.now());
      },
      rewound: () => world.forgetInners(),
      listed: resourceVersion => world.listed(resourceVersion, clock.now()),
    },
    outerMaps: {
      kind: 'OuterMap',
      keys: () => outerNames(world),
      put: facts => {
        const before = world.outers.get(facts.name)?.facts;
        world.putOuter(facts, clock.now());
        if (before?.uid !== facts.uid || before.generation !== facts.generation) outerChanged(facts.name);
      },
      remove: name => {
        forget('OuterMap', name);
        world.removeOuter(name);
      },
      rewound: () => {
        for (const name of [...outerNames(world)]) world.removeOuter(name);
      },
    },
    states: {
      kind: 'NodeMapState',
      keys: () => stateNames(world),
      put: facts => world.putState(facts),
      remove: name => world.removeState(name),
    },
    nodes: {
      kind: 'Node',
      keys: () => world.nodes.all.map(({ name }) => name),
      put: facts => world.putNode(facts, clock.now()),
      remove: name => world.removeNode(name),
    },
    pods: podIntake(world, clock),
  };
}

/** A Pod is known by its name, and counts on the node that it was bound to. */
function podIntake(world: World, clock: Clock): Intake<PodFacts> {
  const bound = new Map<string, PodFacts>();
  return {
    kind: 'Pod',
    keys: () => bound.keys(),
    put: facts => {
      if (facts.node === '') return;
      bound.set(facts.key, facts);
      world.putPod(facts, clock.now());
    },
    remove: key => {
      const facts = bound.get(key);
      bound.delete(key);
      if (facts !== undefined) world.removePod(facts, clock.now());
    },
  };
}

function* outerNames(world: World): Iterable<string> {
  for (const { name, facts } of world.outers.values()) if (facts !== undefined) yield name;
}

function* stateNames(world: World): Iterable<string> {
  for (const { name, state } of world.nodes.known()) if (state !== undefined) yield name;
}
