import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { idAt, run } from '../../native/stage.ts';
import { useLoadedAgent } from './support/loadedagent.ts';
import { innerMap, outerMap, u32, u32Pairs } from './support/manifests.ts';
import { type Ended, eventually, ran } from './support/process.ts';
import { treeBelow } from './support/witness.ts';

const WEB = innerMap('a/web', { outerMap: 'tenants', key: 7 }, { 1: 1 });
const HELD = { [u32(7)]: u32Pairs({ 1: 1 }) };
const OFTEN = { options: ['--resync', '1s'] };
/** nobody: without a right. */
const STRANGER = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];

describe('agent, on a bpffs where every user may make files', () => {
  const fixture = useLoadedAgent();
  const stranger = (...words: readonly string[]): Ended => ran([...STRANGER, ...words]);
  beforeEach(() => {
    chmodSync(fixture().directory, 0o711);
    chmodSync(fixture().bpffs, 0o1777);
    fixture().write('maps.yaml', outerMap('tenants'), WEB);
  });

  it('refuses a ledger that another user made: one sentence that says what to do, and exit code 2', async () => {
    const ledger = fixture().pin('innermap');
    expect(stranger('mkdir', '-p', `${ledger}/tenants`).code).to.equal(0);
    expect(stranger('ln', '-s', '..', `${ledger}/tenants/inner`).code).to.equal(0);
    fixture().createInner(u32(9), 4, 4, 1);
    const { code, error } = fixture().once();
    expect(code, error).to.equal(2);
    expect(error.trim().split('\n')).to.have.length(1);
    expect(error)
      .to.include('belongs to uid 65534')
      .and.to.include(`rm -r ${ledger}`)
      .and.to.include('chmod 0700');
    expect(fixture().here('clean', '--yes').code, 'clean').to.equal(2);
    expect(readdirSync(fixture().bpffs)).to.include(u32(9));
    rmSync(ledger, { recursive: true });
    rmSync(fixture().pin(u32(9)));
  });

  it('the ledger cannot be entered, locked, moved away or written by another user', async () => {
    const ledger = fixture().pin('innermap');
    await fixture().started(OFTEN);
    const attacks = [
      ['ls', ledger],
      ['flock', '--nonblock', ledger, 'true'],
      ['mv', ledger, `${ledger}-old`],
      ['mkdir', `${ledger}/theirs`],
      ['ln', '-s', '../../tenants', `${ledger}/tenants/outer-new`],
      ['rm', fixture().pin('tenants')],
    ];
    for (const attack of attacks) expect(stranger(...attack).code, attack.join(' ')).to.not.equal(0);
    await fixture().holds('tenants', HELD);
  });

  it('unlinks nothing through a symlink in the place of the inner pins, and names it', async () => {
    fixture().createInner('victim', 4, 4, 1);
    mkdirSync(fixture().pin('theirs'));
    renameSync(fixture().pin('victim'), fixture().pin(`theirs/${u32(9)}`));
    const agent = await fixture().started(OFTEN);
    const inner = fixture().pin('innermap/tenants/inner');
    rmSync(inner, { recursive: true });
    symlinkSync(fixture().pin('theirs'), inner);
    expect(await agent.said(/it is no directory/)).to.include(inner);
    expect(treeBelow(fixture().pin('theirs'))).to.deep.equal([u32(9)]);
    await fixture().endAll();
    expect(fixture().here('clean', '--dry-run').out).to.include(`stays: ${inner}`);
    rmSync(inner);
    rmSync(fixture().pin('theirs'), { recursive: true });
  });
});

describe('agent, whose ledger or bpffs is taken away', () => {
  const fixture = useLoadedAgent();
  beforeEach(() => fixture().write('maps.yaml', outerMap('tenants'), WEB));

  it('stops writing while another agent has made the ledger anew, and goes on after it', async () => {
    const first = await fixture().started(OFTEN);
    process.kill(first.pid, 'SIGSTOP');
    rmSync(fixture().pin('innermap'), { recursive: true });
    rmSync(fixture().pin('tenants'));
    const second = await fixture().started({ ...OFTEN, report: `${fixture().report}-second` });
    process.kill(first.pid, 'SIGCONT');
    expect(await first.said(/made and locked it anew/)).to.include(`pid ${second.pid}`);
    await fixture().reported(({ state }) => state.conditions[0]?.status === 'False');
    const id = idAt(fixture().pin('tenants'));
    await second.end();
    await first.said(/Turns go on/);
    await fixture().holds('tenants', HELD);
    expect(idAt(fixture().pin('tenants'))).to.equal(id);
  });

  it('writes a ledger anew that somebody removed: the map at the pin stays, and what changes is programmed', async () => {
    const agent = await fixture().started(OFTEN);
    const id = idAt(fixture().pin('tenants'));
    rmSync(fixture().pin('innermap'), { recursive: true });
    await eventually('the ledger is whole again', () => {
      const pins = treeBelow(fixture().pin('innermap'));
      return pins.includes('tenants/outer') && pins.includes(`tenants/inner/${u32(7)}`);
    });
    expect(idAt(fixture().pin('innermap/tenants/outer'))).to.equal(id);
    fixture().write('more.yaml', innerMap('a/more', { outerMap: 'tenants', key: 8 }, { 1: 2 }));
    await fixture().holds('tenants', { ...HELD, [u32(8)]: u32Pairs({ 1: 2 }) });
    expect(agent.log).to.not.include('PinInUse');
    expect(idAt(fixture().pin('tenants'))).to.equal(id);
  });

  it('says once that the bpffs is gone, writes nothing to the disk below it, and fills the next one', async () => {
    // As an agent left it that did not ask for the bpffs
    run('umount', fixture().bpffs);
    mkdirSync(fixture().pin('innermap'), { mode: 0o700 });
    run('mount', '-t', 'bpf', 'bpf', fixture().bpffs);
    const agent = await fixture().started({ options: [...OFTEN.options, '--listen', '127.0.0.1:0'] });
    const address = /address=(\S+)/.exec(await agent.said(/Serving metrics/))![1]!;
    run('umount', '--lazy', fixture().bpffs);
    expect(await agent.said(/Turn failed/)).to.include(`mount -t bpf bpf ${fixture().bpffs}`);
    const { state } = await fixture().reported(report => report.state.conditions[0]?.status === 'False');
    expect(state.conditions[0]?.message).to.include('no bpffs is mounted there');
    fixture().write('more.yaml', outerMap('others'));
    while ((await brokenTurns(address)) < 3) await sleep(50);
    expect(treeBelow(fixture().bpffs)).to.deep.equal(['innermap/']);
    expect(agent.log.match(/Turn failed/g)).to.have.length(1);
    run('mount', '-t', 'bpf', 'bpf', fixture().bpffs);
    await agent.said(/Turns go on/);
    await fixture().holds('tenants', HELD);
  });
});

async function brokenTurns(address: string): Promise<number> {
  const metrics = await (await fetch(`http://${address}/metrics`)).text();
  return Number(/turns_total\{result="broken"\} (\d+)/.exec(metrics)?.[1]);
}
