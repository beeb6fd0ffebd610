import { expect } from 'chai';
import { useLoadedAgent } from '../agent/support/loadedagent.ts';
import { fileText, innerMap, outerMap, u32, u32Pairs } from '../agent/support/manifests.ts';
import { AGES, useAges } from './support/age.ts';

const MANY = 10_000;
const PLACES = 8192;
/** Of the event loop: whether lookups wait, and whether refused updates do. */
const QUESTIONS = 2;

describe('agent on a kernel of another age', function () {
  this.timeout(180_000);
  const aged = useAges();
  const fixture = useLoadedAgent();

  for (const age of AGES) {
    it(`${age}: 10,000 inner maps of 100 entries at once, all there after one turn`, async () => {
      const kernel = aged(age);
      fixture().writeText('many.yaml', manyMaps());
      const once = await fixture()
        .start({ before: kernel.before, options: ['--once'] })
        .ended();
      expect(once.code, once.error).to.equal(0);
      const [state] = fixture().reportNow().state.outerMaps;
      expect(state).to.include({ innerMaps: MANY, entries: MANY * 100, failuresTotal: 0 });
      const { onLoop, atOnce } = kernel.waited();
      expect(onLoop).to.be.at.most(QUESTIONS);
      expect(atOnce).to.be.greaterThan(400);
    });
  }

  it('6.1: /healthz is answered all the while an ArrayOfMaps of 8,192 places is read', async () => {
    const kernel = aged('6.1', 100);
    const slots = outerMap('slots', { type: 'ArrayOfMaps', maxEntries: PLACES, key: undefined });
    fixture().write('maps.yaml', slots, innerMap('a/one', { outerMap: 'slots', key: 7 }, { 1: 1 }));
    const options = ['--listen', '127.0.0.1:0', '--resync', '1s', '--content-resync', '1s'];
    const agent = await fixture().started({ before: kernel.before, options });
    const address = /address=(\S+)/.exec(await agent.said(/Serving metrics and health/))![1]!;
    const before = kernel.waited();
    let answers = 0;
    // Two resyncs of all places, each of sixteen grace periods, as 512 share one
    while (kernel.waited().offLoop < before.offLoop + 2 * PLACES) {
      const { waiting } = kernel.waited();
      expect((await fetch(`http://${address}/healthz`)).status).to.equal(200);
      if (waiting > 0 && kernel.waited().waiting > 0) answers += 1;
      await new Promise(resume => setTimeout(resume, 20));
    }
    expect(answers, 'answers while places were read').to.be.at.least(9);
    expect(kernel.waited().onLoop).to.equal(before.onLoop);
    expect(fixture().contents('slots')).to.deep.equal({ [u32(7)]: u32Pairs({ 1: 1 }) });
  });
});

function manyMaps(): string {
  const outer = outerMap('waves', {
    maxEntries: MANY,
    inner: { type: 'Hash', maxEntries: 100, key: 'u32', value: 'u32' },
    deletionPolicy: 'Delete',
  });
  const rows = Array.from({ length: 100 }, (_, at) => `    ${at},${at}`).join('\n');
  const inners = Array.from(
    { length: MANY },
    (_, at) =>
      `apiVersion: innermap.io/v1alpha1\nkind: InnerMap\nmetadata: {name: m${at}, namespace: a}\n` +
      `spec:\n  outerMap: waves\n  key: ${at}\n  table: |\n    key,value\n${rows}\n`,
  );
  return [fileText([outer]), ...inners].join('---\n');
}
