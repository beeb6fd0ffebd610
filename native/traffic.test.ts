import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { Running } from '../e2e/agent/support/process.ts';
import { bpftool, build, NATIVE, run, Stage } from './stage.ts';

const PORT = 4242;
/** struct tenant_port: the port in network byte order, UDP, a byte of padding. */
const RULE = '10921100';
const PASS = '01000000';
const DROP = '02000000';
/** Of struct tenant_rule, behind the action and its padding. */
const COUNTER_AT = 8;

interface Report {
  readonly overrun: number;
  readonly flows: readonly { readonly sent: number; readonly received: number; readonly gaps: number }[];
}

describe('traffic', () => {
  let stage: Stage;
  let network: Running;
  const running: Running[] = [];

  const inside = (...words: readonly string[]): readonly string[] => [
    'nsenter',
    `--net=/proc/${network.pid}/ns/net`,
    join(NATIVE, 'build', words[0]!),
    ...words.slice(1),
  ];
  const start = (...words: readonly string[]): Running => {
    const process = new Running(inside(...words));
    running.push(process);
    return process;
  };
  const report = (...words: readonly string[]): Report => {
    const [program = '', ...rest] = inside('traffic', 'report', ...words);
    return JSON.parse(run(program, ...rest)) as Report;
  };

  before(function () {
    build(this);
  });

  beforeEach(async () => {
    stage = new Stage();
    network = new Running(['unshare', '--net', 'sh', '-c', 'echo ready >&2; exec cat']);
    running.push(network);
    await network.said(/ready/);
    run('nsenter', ...inside('driver', 'veth', '--name', 'fw0', '--peer', 'fw1').slice(1));
    const pins = ['--pin-outer', stage.pin('tenants'), '--pin-prog', stage.pin('filter')];
    const loader = start('driver', 'load', ...pins, '--attach', 'fw0', '--stay');
    await loader.printed(/"ready":true/);
    const ends = ['--from', 'fw1', '--to', 'fw0', '--first', '10.1.0.1', '--flows', '3'];
    await start('traffic', 'run', ...ends, '--port', String(PORT), '--rate', '5000').printed(/"ready":true/);
  });

  afterEach(async () => {
    await Promise.all(running.splice(0).map(process => process.end()));
    expect(await stage.leave(), 'maps that outlive the test').to.deep.equal([]);
  });

  it('what no rule stops arrives, each packet once', async () => {
    report('--reset');
    await sleep(300);
    const { overrun, flows } = report();
    expect(overrun).to.equal(0);
    for (const { sent, received, gaps } of flows)
      expect({ received, gaps }).to.deep.equal({ received: sent, gaps: 0 });
    expect(flows[0]!.sent).to.be.greaterThan(100);
  });

  it('a rule stops its own address alone; sender, receiver and program count the same', async () => {
    for (const [address, action] of [
      ['0a010001', DROP],
      ['0a010002', PASS],
    ] as const)
      declare(stage, address, action);
    const before = counted(stage);
    report('--reset');
    await sleep(300);
    const [dropped, passed, free] = report().flows;
    const after = counted(stage);
    expect(dropped!.received).to.equal(0);
    expect(passed!.received).to.equal(passed!.sent);
    expect(free!.received).to.equal(free!.sent);
    expect(after[0]! - before[0]!).to.be.at.least(dropped!.sent);
    expect(after[1]! - before[1]!).to.be.at.least(passed!.sent);
  });

  it('veth: one that is there already is left as it is', () => {
    run('nsenter', ...inside('driver', 'veth', '--name', 'fw0', '--peer', 'fw1').slice(1));
    expect(report().flows).to.have.length(3);
  });
});

/** An inner map with one rule, as the operator would make it. */
function declare(stage: Stage, address: string, action: string): void {
  const inner = stage.pin(`inner${address}`);
  const layout = [
    'type',
    'hash',
    'key',
    '4',
    'value',
    '16',
    'entries',
    '4096',
    'name',
    'rules',
    'flags',
    '1',
  ];
  run('bpftool', 'map', 'create', inner, ...layout);
  run(
    'bpftool',
    'map',
    'update',
    'pinned',
    inner,
    'key',
    'hex',
    ...pairs(RULE),
    'value',
    'hex',
    ...pairs(`${action}00000000${'0'.repeat(16)}`),
  );
  const id = (JSON.parse(run('bpftool', '-j', 'map', 'show', 'pinned', inner)) as { id: number }).id;
  bpftool('update', stage.pin('tenants'), address, id);
}

/** By the program itself, for both addresses with rules. */
function counted(stage: Stage): readonly number[] {
  return ['0a010001', '0a010002'].map(address => {
    const words = ['pinned', stage.pin(`inner${address}`), 'key', 'hex', ...pairs(RULE)];
    const { value } = JSON.parse(run('bpftool', '-j', 'map', 'lookup', ...words)) as { value: string[] };
    const bytes = Buffer.from(value.map(byte => Number(byte)));
    return Number(bytes.readBigUInt64LE(COUNTER_AT));
  });
}

function pairs(digits: string): readonly string[] {
  return digits.match(/../g) ?? [];
}
