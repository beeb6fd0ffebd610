import { expect } from 'chai';
import type { Report } from '../core/report/report.ts';
import { KernelError } from '../kernel/error.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { run, TurnTrigger } from './run.ts';
import { AgentFixture, startedAgent } from './testing/fixture.ts';
import { LEDGER, twoTenants, writeOther } from './testing/tenants.ts';
import { turnLog } from './turnlog.ts';

describe('run', () => {
  it('says in the report when a turn fails, and trusts nothing that it remembered', async () => {
    const machine = new FakeMachine();
    expect(await publishedOf(machine, twoTenants(), () => {})).to.deep.equal([
      'True The kernel holds what is declared',
      'False Reconcile failed; the state shown is from the last successful turn: the disk is gone',
      'True The kernel holds what is declared',
    ]);
    expect(machine.dump(LEDGER)).to.deep.equal(twoTenants().contents('tenants'));
  });

  it('repairs after a failed turn what others wrote meanwhile, and holds nothing of it', async () => {
    const machine = new FakeMachine();
    const inner = { type: 'Hash', maxEntries: 256, key: 'u32', value: 'u32' };
    const fixture = new AgentFixture().outer('tenants', { inner }).inner('a/web', 'tenants', 1, { 1: 1 });
    const states = await publishedOf(machine, fixture, () => writeOther(machine, '01000000', { count: 100 }));
    expect(states[2]).to.equal('True The kernel holds what is declared');
    expect(machine.dump(LEDGER)).to.deep.equal(fixture.contents('tenants'));
  });
});

/** What is published by a turn, by one that fails, and by the next. */
async function publishedOf(
  machine: FakeMachine,
  fixture: AgentFixture,
  meanwhile: () => void | Promise<void>,
): Promise<readonly string[]> {
  const { agent, source } = await startedAgent(machine.openKernel(), fixture);
  const stop = new AbortController();
  const published: string[] = [];
  const publisher = {
    publish: async (report: Report) => {
      const { status, message } = report.state.conditions[0]!;
      published.push(`${status} ${message}`);
      if (published.length === 1) source.read = broken;
      if (published.length === 3) stop.abort();
    },
  };
  const { read } = source;
  const broken = async () => {
    source.read = read;
    await meanwhile();
    throw new Error('the disk is gone');
  };
  const schedule = { resyncMs: 20, contentResyncMs: 20 };
  await run({ ...agent, publisher }, schedule, turnLog(SILENT), stop.signal);
  return published;
}

const NEVER = 60_000;

describe('TurnTrigger', () => {
  let stop: AbortController;
  let trigger: TurnTrigger;
  beforeEach(() => {
    stop = new AbortController();
    trigger = new TurnTrigger(stop.signal);
  });

  it('answers at once what fired while nobody waited, the most thorough of it', async () => {
    trigger.fire('changed');
    trigger.fire('pins');
    trigger.fire('changed');
    expect(await trigger.next(NEVER, undefined)).to.equal('pins');
  });

  it('wakes who waits', async () => {
    const cause = trigger.next(NEVER, undefined);
    trigger.fire('changed');
    expect(await cause).to.equal('changed');
  });

  it('returns when a retry or a resync is due, whichever is first', async () => {
    expect(await trigger.next(NEVER, 1)).to.equal('retry');
    expect(await new TurnTrigger(stop.signal).next(1, NEVER)).to.equal('resync');
  });

  it('resyncs in time though something fires all the time', async () => {
    const start = performance.now();
    let resyncs = 0;
    for (const end = start + NEVER; resyncs < 3 && performance.now() < end; ) {
      trigger.fire('changed');
      if ((await trigger.next(20, undefined)) === 'resync') resyncs++;
    }
    expect(resyncs).to.equal(3);
    expect(performance.now() - start, 'no sooner than due').to.be.at.least(3 * 20);
  });

  it('ends its wait when stopped', async () => {
    const cause = trigger.next(NEVER, undefined);
    stop.abort();
    await cause;
  });
});

describe('turnLog', () => {
  it('logs what is new, however much of what is old goes on', async () => {
    const machine = new FakeMachine();
    let fixture = new AgentFixture();
    for (let at = 10; at < 22; at++) fixture = fixture.inner(`a/m${at}`, 'missing', at, {});
    const acting = await startedAgent(machine.openKernel(), fixture);
    const lines: string[] = [];
    const log = turnLog({ ...SILENT, warn: line => lines.push(line) });
    log.turned(await acting.turn());
    expect(lines).to.have.length(11);
    log.turned(await acting.turn(fixture.inner('z/new', 'missing', 1, {})));
    expect(lines.at(-1)).to.match(/^InnerMap z\/new: OuterMapNotFound/);
    expect(lines).to.have.length(12);
  });

  it('logs a failure of a whole turn once, the kernel’s as a sentence, and when turns go on', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(machine.openKernel(), twoTenants());
    const logged: unknown[] = [];
    const note = (line: string, fields?: object): void => void logged.push(fields ? [line, fields] : line);
    const log = turnLog({ ...SILENT, error: note, info: line => note(line) });
    const gone = new KernelError('use the bpffs at', '/sys/fs/bpf', 'EINVAL', 'no bpffs is mounted there');
    for (const retryMs of [1000, 2000]) log.failed(gone, retryMs);
    log.turned(await acting.turn());
    log.turned(await acting.turn());
    log.failed(gone, 1000);
    const failed = ['Turn failed', { error: gone.message, retryMs: 1000 }];
    expect(logged).to.deep.equal([failed, 'Turns go on', 'Turn', failed]);
  });

  it('logs which undeclared OuterMap cannot be released, and why', async () => {
    const machine = new FakeMachine();
    const acting = await startedAgent(
      machine.openKernel(),
      twoTenants().outer('tenants', { deletionPolicy: 'Delete' }),
    );
    await acting.turn();
    machine.failNext('unlink', 'EACCES');
    const lines: string[] = [];
    const log = turnLog({ ...SILENT, warn: line => lines.push(line), info: line => lines.push(line) });
    const failing = await acting.turn(new AgentFixture());
    log.turned(failing);
    expect(failing.report.state.conditions[0]).to.include({ status: 'False', reason: 'PermissionDenied' });
    log.turned(await acting.turn());
    expect(lines[1]).to.match(/^OuterMap tenants: PermissionDenied, cannot let go: Cannot unlink .*EACCES$/);
    expect(lines.slice(2)).to.deep.equal(['Turn', 'Everything is as declared again']);
  });

  it('logs InnerMap and key of drift, and what was there instead', async () => {
    const machine = new FakeMachine();
    const fixture = twoTenants().inner('b/web', 'tenants', 2, { 10: 3 }, { update: 'InPlace' });
    const acting = await startedAgent(machine.openKernel(), fixture);
    await acting.turn();
    const intruder = machine.openKernel();
    const outer = intruder.open(LEDGER);
    await intruder.remove(outer, Uint8Array.of(1, 0, 0, 0));
    const inner = intruder.open('/sys/fs/bpf/innermap/tenants/inner/02000000');
    const upserts = { count: 1, keys: Uint8Array.of(10, 0, 0, 0), values: Uint8Array.of(99, 0, 0, 0) };
    await intruder.edit(inner, { upserts, deletes: new Uint8Array(0) });
    for (const map of [outer, inner]) map.close();
    const logged: unknown[] = [];
    turnLog({ ...SILENT, warn: (line, fields) => logged.push([line, fields]) }).turned(await acting.resync());
    const place = { outerMap: 'tenants' };
    expect(logged).to.deep.equal([
      ['Drift', { ...place, key: '1', innerMap: 'a/web', found: 'no entry' }],
      ['Drift', { ...place, key: '2', innerMap: 'b/web', found: '10 = 99 instead of 3' }],
    ]);
  });
});

const SILENT = { info: () => {}, warn: () => {}, error: () => {} };
