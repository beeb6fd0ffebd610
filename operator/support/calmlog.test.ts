import { expect } from 'chai';
import { SimulatedClock } from '../kube/testing/clock.ts';
import { calmLog } from './calmlog.ts';
import type { Fields, Log } from './log.ts';

describe('calmLog', () => {
  let clock: SimulatedClock;
  let lines: string[];
  let log: Log;
  beforeEach(() => {
    clock = new SimulatedClock();
    lines = [];
    const note = (level: string) => (message: string, fields?: Fields) => {
      lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`);
    };
    log = calmLog({ error: note('error'), warn: note('warn'), info: note('info') }, clock);
  });

  it('writes the first ten of a kind as they come', () => {
    for (let at = 0; at < 10; at++) log.warn('Drift', { at });
    expect(lines).to.deep.equal(Array.from({ length: 10 }, (_, at) => `warn Drift {"at":${at}}`));
  });

  it('after that one a second: the last, with the number of those before it', async () => {
    for (let at = 0; at < 62; at++) log.warn('Drift', { at });
    expect(lines.splice(0)).to.have.length(10);
    await clock.run(999);
    expect(lines).to.deep.equal([]);
    await clock.run(1);
    expect(lines).to.deep.equal(['warn Drift {"at":61,"more":51}']);
  });

  it('a minute of 3,000 lines is 70, and every one of them is counted', async () => {
    for (let at = 0; at < 3_000; at++) {
      log.warn('Drift', { at });
      await clock.run(20);
    }
    await clock.run(1_000);
    expect(lines.length).to.be.within(60, 71);
    const counted = lines.reduce((sum, line) => sum + 1 + Number(/"more":(\d+)/.exec(line)?.[1] ?? 0), 0);
    expect(counted).to.equal(3_000);
  });

  it('no kind or level holds up another; a kind may have many messages', async () => {
    for (let at = 0; at < 20; at++) log.warn(`InnerMap a/m${at}: KeyConflict`, undefined, 'failure');
    log.warn('Drift');
    log.error('Drift');
    expect(lines.slice(10)).to.deep.equal(['warn Drift {}', 'error Drift {}']);
    await clock.run(1_000);
    expect(lines.at(-1)).to.equal('warn InnerMap a/m19: KeyConflict {"more":9}');
  });

  it('one line that waits is written as it is, and calm comes back', async () => {
    for (let at = 0; at < 11; at++) log.info('Turn', { at });
    await clock.run(1_000);
    expect(lines.at(-1)).to.equal('info Turn {"at":10}');
    await clock.run(20_000);
    lines.length = 0;
    for (let at = 0; at < 10; at++) log.info('Turn', { at });
    expect(lines).to.have.length(10);
  });
});
