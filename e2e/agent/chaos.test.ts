import { Chaos } from './chaos/chaos.ts';
import { useLoadedAgent } from './support/loadedagent.ts';

/** Of the whole soak: CHAOS_SECONDS=600 CHAOS_SEED=7 runs it longer, or again. */
const SECONDS = Number(process.env['CHAOS_SECONDS'] ?? 20);
const SEED = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);

describe('agent, in a chaos of edits, intruders and crashes', () => {
  const fixture = useLoadedAgent();

  it(`holds what is declared whenever it is left alone (CHAOS_SEED=${SEED})`, async function () {
    this.timeout((SECONDS + 60) * 1000);
    const chaos = new Chaos(fixture(), SEED);
    await chaos.start();
    const stop = performance.now() + SECONDS * 1000;
    for (let round = 1; performance.now() < stop; round++) {
      await chaos.rage();
      await chaos.rest(round);
    }
    await chaos.end();
  });
});
