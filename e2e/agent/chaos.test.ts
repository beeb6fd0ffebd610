import { Chaos } from './chaos/chaos.ts';
import { useLoadedAgent } from './support/loadedagent.ts';

/** `npm run soak:agent`: CHAOS_SECONDS=600 CHAOS_SEED=7 runs it longer, or again. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 20);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

/** From so long a run on, its second half has no kills: memory is measured in one process. */
const LONG = 120;

describe('agent, in a chaos of edits, intruders and crashes', () => {
  const fixture = useLoadedAgent();

  it(`holds what is declared whenever it is left alone (CHAOS_SEED=${SEED})`, async function () {
    this.timeout((SECONDS + 90) * 1000);
    const chaos = new Chaos(fixture(), SEED);
    await chaos.start();
    const begun = performance.now();
    const stop = begun + SECONDS * 1000;
    const last = SECONDS < LONG ? stop : begun + SECONDS * 500;
    let round = 0;
    while (performance.now() < stop) {
      await chaos.rage({ mayKill: performance.now() < last });
      await chaos.rest(++round);
    }
    const maps = await chaos.end();
    console.log(`      ${round} rounds, then ${maps} maps for as many keys`);
  });
});
