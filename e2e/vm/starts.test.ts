import { release } from 'node:os';
import { expect } from 'chai';
import { isOlder } from '../../operator/agent/kernelage.ts';
import { isReady, useLoadedAgent } from '../agent/support/loadedagent.ts';
import { outerMap } from '../agent/support/manifests.ts';

const STARTS = 10;

describe('agent that starts', function () {
  this.timeout(120_000);
  const fixture = useLoadedAgent();

  it(`${STARTS} times finds each time how this kernel waits`, () => {
    // 37ba5b59d6ad and c26f2a890139 (6.8): one wait a batch, none of a lookup
    const waits = isOlder(release(), '6.8');
    fixture().write('outer.yaml', outerMap('starts'));
    const found = Array.from({ length: STARTS }, () => {
      const ended = fixture().once();
      expect(ended.code, `${ended.signal}\n${ended.error}${ended.out}`).to.equal(0);
      const report = fixture().reportNow();
      expect(isReady(report)).to.equal(true);
      const { outerBatch, features, gracePeriodMs } = report.state.kernel;
      return { outerBatch, lookupsWait: features['outerLookupsWait'], gracePeriodMs };
    });
    console.log(
      found
        .map(each => `      ${each.outerBatch} ${each.lookupsWait} ${each.gracePeriodMs.toFixed(1)} ms`)
        .join('\n'),
    );
    expect(found.map(each => each.lookupsWait)).to.deep.equal(Array(STARTS).fill(waits));
    expect(found.map(each => each.outerBatch === 'once')).to.deep.equal(Array(STARTS).fill(!waits));
  });
});
