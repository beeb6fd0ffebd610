import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { bpftool, onStage, run } from './stage.ts';
import { ENDS, type TrafficReport, Wire } from './wire.ts';

const DROP = '02000000';

/** A counter that never counts a loss proves nothing by counting none. */
describe('native: driver traffic', () => {
  let wire: Wire;
  // Before the stage is left: its maps would still be in use
  afterEach(() => wire.leave());
  const stage = onStage();
  beforeEach(async () => {
    wire = await Wire.make();
    await wire.load('--pin-outer', stage().pin('tenants'));
  });

  it('counts what is lost, and when it was sent, and of the others nothing', async () => {
    const traffic = await wire.traffic({ flows: 2, rate: 2000 });
    await sleep(50);
    const open = traffic.settled();
    stage().declareRule('0a010001', '01bb1100', DROP);
    await sleep(50);
    const closed = traffic.settled();
    bpftool('delete', stage().pin('tenants'), '0a010001');
    await sleep(50);
    const { flows, lost, received, sent } = await traffic.end();
    const [dropped, passed] = flows;
    const [gap, ...others] = dropped!.lastGaps;
    expect(others).to.deep.equal([]);
    expect(dropped).to.include({ gaps: 1, lost: gap!.count, behind: 0 });
    expect(passed).to.include({ gaps: 0, lost: 0, received: passed!.sent });
    expect({ lost, received }).to.deep.equal({ lost: gap!.count, received: sent - gap!.count });
    expect(closed.flows[0]).to.include({ behindSince: gap!.sentFrom, lost: 0, gaps: 0 });
    const times = [open.at, gap!.sentFrom, gap!.sentTo, gap!.endedAt, dropped!.last!.receivedAt];
    expect(times.toSorted((one, other) => Number(BigInt(one) - BigInt(other)))).to.deep.equal(times);
  });

  it('keeps the rate, as far as the machine lets it', async () => {
    const kept = async (rate: number) => {
      const traffic = await wire.traffic({ flows: 3, rate });
      traffic.settled('--reset');
      await sleep(500);
      const report = await traffic.end();
      const sent = report.flows.map(flow => flow.sent);
      expect(Math.max(...sent) - Math.min(...sent), 'frames to each address').to.be.at.most(1);
      expect(report.sent / report.seconds).to.be.at.most(rate * 1.02);
      return report.sent / report.seconds;
    };
    expect((await kept(5000)) / (await kept(1000))).to.be.above(2);
  });

  it('--reset answers what was counted so far and counts anew', async () => {
    const traffic = await wire.traffic({ flows: 1, rate: 1000 });
    await sleep(100);
    const first = traffic.settled('--reset');
    const second = traffic.settled();
    expect(second.sent).to.be.below(first.sent);
    expect(second).to.include({ settled: true, received: second.sent, lost: 0 });
    expect(second.flows[0]!.last?.sequence ?? first.sent).to.be.at.least(first.sent - 1);
  });

  it('answers lines, SIGUSR1 and others at once; --brief without the flows', async () => {
    const { staying } = await wire.traffic({ flows: 2, rate: 1000 });
    expect(await staying.ask('quiesce brief'))
      .to.include({ settled: true })
      .and.to.not.have.property('flows');
    expect((await staying.ask('')) as unknown as TrafficReport)
      .to.have.property('flows')
      .with.length(2);
    process.kill(staying.pid, 'SIGUSR1');
    expect(await staying.next()).to.have.property('flows');
    expect(wire.report('--brief')).to.not.have.any.keys('flows', 'settled');
  });

  it('ends at the end of its standard input with a last report', async () => {
    const { staying } = await wire.traffic({ flows: 1, rate: 1000 });
    staying.hangUp();
    expect(await staying.next()).to.include({ settled: true, lost: 0 });
    expect(await staying.ended).to.equal(0);
  });

  it('in a pod, whose standard input is /dev/null, goes on until SIGTERM', async () => {
    const traffic = await wire.traffic({ flows: 1, rate: 1000 }, 'ignore');
    await sleep(100);
    const { sent } = await traffic.end();
    expect(sent).to.be.above(10);
    expect(await traffic.staying.ended).to.equal(0);
  });

  it('--every tells the totals', async () => {
    const words = [
      '--from',
      ENDS.from,
      '--to',
      ENDS.to,
      '--first',
      '10.1.0.1',
      '--flows',
      '2',
      '--rate',
      '1000',
    ];
    const staying = wire.start(wire.command(['net_raw'], ['traffic', ...words, '--every', '1']));
    await staying.ready();
    expect(await staying.next())
      .to.include({ lost: 0 })
      .and.to.not.have.property('flows');
    expect(await staying.end()).to.equal(0);
  });

  it('says in words what is missing', async () => {
    const traffic = (...words: string[]) => {
      const numbers = ['--first', '10.1.0.1', '--flows', '1', '--rate', '1000'];
      const [program = '', ...rest] = wire.command(['net_raw'], ['traffic', ...words, ...numbers]);
      return () => run(program, ...rest);
    };
    expect(() => wire.report()).to.throw('does `driver traffic` run in this network namespace');
    expect(traffic('--from', 'none', '--to', ENDS.to)).to.throw('Cannot open none: ENODEV');
    expect(traffic('--from', ENDS.from, '--to', ENDS.to, '--size', '59')).to.throw('59 is below 60');
    expect(traffic('--from', ENDS.from, '--to', ENDS.to, '--rate', '0')).to.throw('Cannot read --rate');
    await wire.traffic({ flows: 1, rate: 1000 });
    expect(traffic('--from', ENDS.from, '--to', ENDS.to)).to.throw('does another traffic');
  });
});
