import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { onceInThree, PATIENCE_MS } from '../../operator/testing/patience.ts';
import { isReady, useLoadedAgent } from '../agent/support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from '../agent/support/manifests.ts';
import { eventually } from '../agent/support/process.ts';
import { contentAt, idsIn, shown } from '../agent/support/witness.ts';

const ENTRIES = 100;
const PLACES = 65_536;
/** Turns that read all places; the first is one. */
const TURNS = 3;
const ASK_AGAIN_MS = 50;
/** Below this a turn is over before it could hold anything up. */
const LONG_MS = 2000;

describe('agent on a wave', function () {
  this.timeout(120_000);
  const fixture = useLoadedAgent();

  for (const maps of [4000, 10_000])
    it(`of ${maps} × ${ENTRIES} programs all of it in its first turn`, async () => {
      const inner = { type: 'Hash', maxEntries: ENTRIES, key: 'u32', value: 'u32' };
      const wave = Array.from({ length: maps }, (_, key) =>
        innerMap(`a/map-${key}`, { outerMap: 'waves', key }, pairsOf(key)),
      );
      fixture().write('wave.yaml', outerMap('waves', { maxEntries: maps, inner }), ...wave);
      const ended = fixture().once();
      expect(ended.code, `${ended.signal}\n${ended.error}${ended.out}`).to.equal(0);
      expect(isReady(fixture().reportNow())).to.equal(true);
      const ids = [...idsIn(fixture().pin('waves')).values()];
      expect(new Set(ids).size).to.equal(maps);
      expect(shown(ids.slice(0, 1))[0]?.max_entries).to.equal(ENTRIES);
    });

  it(`in an ArrayOfMaps of ${PLACES} places: /healthz is answered while it reads them`, async () => {
    const outer = outerMap('places', { type: 'ArrayOfMaps', maxEntries: PLACES, deletionPolicy: 'Delete' });
    const place = { outerMap: 'places', key: PLACES - 1 };
    fixture().write('places.yaml', outer, innerMap('a/last', place, { 1: 1 }));
    expect(await onceInThree(isAnsweredFromTheStart), 'no long silence').to.equal(true);
    await fixture().reported(isReady);
    expect(contentAt(fixture().pin('places'), u32(PLACES - 1))).to.deep.equal(u32Pairs({ 1: 1 }));
    // Whoever looks for what is left would read all places one by one
    fixture().write('places.yaml');
    await eventually('the outer map is gone', () => !existsSync(fixture().pin('places')));
  });

  async function isAnsweredFromTheStart(): Promise<boolean> {
    await fixture().endAll();
    const agent = fixture().start({ options: ['--listen', '127.0.0.1:0', '--resync', '1s'] });
    const address = /address=(\S+)/.exec(await agent.said(/Serving metrics/))![1]!;
    const start = performance.now();
    let [answered, longest, answers] = [start, 0, 0];
    while ((await turnsOf(address)) < TURNS) {
      expect((await fetch(`http://${address}/healthz`)).status).to.equal(200);
      const now = performance.now();
      longest = Math.max(longest, now - answered);
      answered = now;
      answers += 1;
      expect(now - start, 'milliseconds').to.be.below(PATIENCE_MS);
      await sleep(ASK_AGAIN_MS);
    }
    const took = answered - start;
    console.log(
      `      ${TURNS} turns in ${took.toFixed(0)} ms, ${answers} answers, ${longest.toFixed(0)} ms without one`,
    );
    return took <= LONG_MS || longest < took / 4;
  }
});

/** No two inner maps have equal contents, which would be one map in the kernel. */
function pairsOf(map: number): Readonly<Record<string, number>> {
  return Object.fromEntries(Array.from({ length: ENTRIES }, (_, at) => [at, map * ENTRIES + at]));
}

async function turnsOf(address: string): Promise<number> {
  const metrics = await (await fetch(`http://${address}/metrics`)).text();
  return [...metrics.matchAll(/turns_total\{[^}]*\} (\d+)/g)].reduce(
    (sum, [, count]) => sum + Number(count),
    0,
  );
}
