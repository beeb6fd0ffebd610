import type { Wanted } from '../../operator/core/wanted.ts';
import { type BenchAgent, CHANGED, EVERYTHING, openAgent } from './agent.ts';
import { declaredInners, declaredOuter, type Shape, wantedOf } from './declared.ts';
import { seen } from './seen.ts';
import type { Places, Sizes, Work } from './work.ts';

/** What bench/build/bulk does too, as turns of the agent: set up by one turn, then timed by the next. */

/** From encoded bytes to all in the kernel: an empty outer map, then one turn. */
export const apply: Work = (places, sizes) => applyTo(places, shapeOf(sizes));

/** The same where all InnerMaps have equal contents. */
export const equal: Work = (places, sizes) => applyTo(places, { ...shapeOf(sizes), equal: true });

export const change: Work = (places, sizes) =>
  onAgent(places, async agent => {
    const shape = { maps: sizes['of'] ?? 10_000, entries: sizes['entries'] ?? 100 };
    const changed = sizes['change'] ?? 1_000;
    const outer = declaredOuter(shape);
    const before = declaredInners(outer, shape);
    const after = [...declaredInners(outer, { ...shape, maps: changed }, 1), ...before.slice(changed)];
    await agent.turn(wantedOf([outer], before), EVERYTHING);
    return seen(() => expectSteps(agent, wantedOf([outer], after), { due: CHANGED, steps: changed }));
  });

/** Everything is read and compared, outer map and contents; nothing differs. */
export const drift: Work = (places, sizes) =>
  onAgent(places, async agent => {
    const shape = shapeOf(sizes);
    const outer = declaredOuter(shape);
    const wanted = wantedOf([outer], declaredInners(outer, shape));
    await agent.turn(wanted, EVERYTHING);
    // An agent makes its first check once, and then one every other minute.
    await agent.turn(wanted, EVERYTHING);
    return seen(() => expectSteps(agent, wanted, { due: EVERYTHING, steps: 0 }));
  });

export const remove: Work = (places, sizes) => removeFrom(places, shapeOf(sizes));

export const removeArray: Work = (places, sizes) =>
  removeFrom(places, { ...shapeOf(sizes), outer: 'ArrayOfMaps' });

/** One inner map of very many entries. */
export const fill: Work = (places, { entries = 1_000_000 }) => apply(places, { maps: 1, entries });

function applyTo(places: Places, shape: Shape) {
  return onAgent(places, async agent => {
    const outer = declaredOuter(shape);
    const wanted = wantedOf([outer], declaredInners(outer, shape));
    await agent.turn(wantedOf([outer], []), EVERYTHING);
    return seen(() => expectSteps(agent, wanted, { due: CHANGED, steps: shape.maps }));
  });
}

function removeFrom(places: Places, shape: Shape) {
  return onAgent(places, async agent => {
    const outer = declaredOuter(shape);
    await agent.turn(wantedOf([outer], declaredInners(outer, shape)), EVERYTHING);
    return seen(() => expectSteps(agent, wantedOf([outer], []), { due: CHANGED, steps: shape.maps }));
  });
}

async function onAgent<T>({ bpffs }: Places, work: (agent: BenchAgent) => Promise<T>): Promise<T> {
  const agent = await openAgent(bpffs);
  try {
    return await work(agent);
  } finally {
    agent.close();
  }
}

function shapeOf(sizes: Sizes): Shape {
  return { maps: sizes['maps'] ?? 10_000, entries: sizes['entries'] ?? 100 };
}

/** One turn that must have taken exactly so many steps. */
async function expectSteps(
  agent: BenchAgent,
  wanted: Wanted,
  { due, steps }: { due: typeof CHANGED; steps: number },
): Promise<void> {
  const { outcomes } = await agent.turn(wanted, due);
  if (outcomes.length !== steps)
    throw new Error(`Cannot compare: ${outcomes.length} steps instead of ${steps}`);
}
