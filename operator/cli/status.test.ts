import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { KernelError } from '../kernel/error.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { CommandFixture } from './testing/commandfixture.ts';
import { FAILED, report, WEB } from './testing/reports.ts';

function withAgent(): FakeMachine {
  const machine = new FakeMachine();
  const { pins } = machine.openKernel();
  pins.makeDirectory('/sys/fs/bpf/innermap', 0o700);
  pins.lock('/sys/fs/bpf/innermap');
  return machine;
}

describe('status', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'innermap-status-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  /** While an agent runs, unless the machine is another. */
  async function shown(content: string, machine = withAgent()) {
    const file = join(directory, 'status.json');
    writeFileSync(file, content);
    return on(machine).run('status', '--report', file);
  }

  function on(machine: FakeMachine): CommandFixture {
    const fixture = new CommandFixture();
    fixture.kernel = root => Object.assign(machine.openKernel({ root }), { close: () => {} });
    return fixture;
  }

  it('tells its age, the outer maps and that all is ready: exit 0', async () => {
    const { code, out, error } = await shown(JSON.stringify(report()));
    expect([code, error]).to.deep.equal([0, '']);
    expect(out).to.match(/^Node node-1: last change reported 4m ago, turn 3, kernel 6\.18\.0\n\nOUTER MAP/);
    expect(out).to.contain('Ready: 1 inner map as declared');
  });

  it('shows failures first, then inner maps that are not ready, and why: exit 1', async () => {
    const { code, out } = await shown(JSON.stringify(report(FAILED)));
    expect(code).to.equal(1);
    expect(out.indexOf('tenants ')).to.be.below(out.indexOf('aaa '));
    expect(out).to.contain('tenants: Pin tenants holds a foreign map\n');
    expect(out).to.match(
      /team-a\/bad +tenants +10\.1\.0\.7 +InvalidEntries +spec\.entries\[3\]\.value: 70000 is too large/,
    );
    expect(out).to.contain('Not ready: 1 of 3 inner maps not ready');
  });

  it('tells a mistake once: neither again for each inner map, nor in the last line', async () => {
    const message = 'Pin tenants holds a foreign map';
    const pending = `OuterMap tenants is not usable: PinInUse, ${message}`;
    const failed = report({
      ...FAILED,
      innerMaps: [{ ...WEB, ready: false, reason: 'Pending', message: pending }],
    });
    const ready = (text: string) => ({
      ...failed,
      state: {
        ...failed.state,
        conditions: [
          {
            ...{ type: 'Ready' as const, status: 'False' as const, reason: 'PinInUse' as const },
            ...{ message: text, lastTransitionTime: '2026-01-02T03:00:05Z' },
          },
        ],
      },
    });
    const { out } = await shown(JSON.stringify(ready(`2 objects are not as declared: tenants, ${message}`)));
    expect(out.split(message)).to.have.length(2);
    expect(out).to.match(/^team-a\/web .*OuterMap tenants is not usable: PinInUse$/m);
    expect(out).to.match(/Not ready: 1 of \d+ inner maps? not ready$/m);
    expect((await shown(JSON.stringify(ready('old cannot be let go: EACCES')))).out).to.contain(
      'not ready, old cannot be let go: EACCES\n',
    );
  });

  it('counts what a long list leaves out', async () => {
    const innerMaps = Array.from({ length: 60 }, (_, at) => ({ ...WEB, name: `m${at}`, ready: false }));
    expect((await shown(JSON.stringify(report({ innerMaps })))).out).to.contain('and 10 more\n');
  });

  it('lists outer maps that nobody declares and that stay; they make nothing less ready', async () => {
    const { state } = report();
    const retained = [{ name: 'flows', pin: '/sys/fs/bpf/flows', innerMaps: 3 }];
    const { code, out } = await shown(JSON.stringify(report({ state: { ...state, retained } })));
    expect(code).to.equal(0);
    expect(out).to.contain(
      '\nRetained: flows at /sys/fs/bpf/flows with 3 inner maps: nobody declares it; it goes',
    );
  });

  it('shows refused manifests: exit 1', async () => {
    const { code, out } = await shown(
      JSON.stringify(report({ refusals: [{ origin: 'a.yaml:3', message: 'wrong' }] })),
    );
    expect([code, out.includes('a.yaml:3: wrong\n'), out.includes('1 manifest refused')]).to.deep.equal([
      1,
      true,
      true,
    ]);
  });

  it('a report of before the last boot is not ready, and says so', async () => {
    const { state } = report();
    const old = report({ state: { ...state, node: { ...state.node, bootID: 'other' } } });
    const { code, error } = await shown(JSON.stringify(old));
    expect([code, error.includes('started anew since')]).to.deep.equal([1, true]);
  });

  it('without an agent that holds the lock, nothing is ready, whatever the report says: exit 1', async () => {
    const { code, out } = await shown(JSON.stringify(report()), new FakeMachine());
    expect(code).to.equal(1);
    expect(out).to.contain('\nNo agent runs: as of 4m ago, 1 inner map as declared\n');
    expect(out).not.to.contain('Ready:');
    const failed = await shown(JSON.stringify(report(FAILED)), new FakeMachine());
    expect(failed.out).to.contain('\nNo agent runs: as of 4m ago, 1 of 3 inner maps not ready');
  });

  it('where no bpffs is mounted, no agent runs; where the lock cannot be asked, that is said: exit 1', async () => {
    const file = join(directory, 'status.json');
    writeFileSync(file, JSON.stringify(report({ bpffs: '/run/bpf' })));
    for (const [errno, says] of [
      ['EINVAL', 'No agent runs (Cannot use /run/bpf: EINVAL): as of 4m ago'],
      ['EACCES', 'Cannot tell whether an agent runs (Cannot use /run/bpf: EACCES): as of 4m ago'],
    ] as const) {
      const fixture = new CommandFixture();
      fixture.kernel = root => {
        throw new KernelError('use', root, errno);
      };
      const { code, out } = await fixture.run('status', '--report', file);
      expect(code).to.equal(1);
      expect(out).to.contain(says);
    }
  });

  it('-o json has it too; --bpffs names another place than the report', async () => {
    const file = join(directory, 'status.json');
    writeFileSync(file, JSON.stringify(report()));
    const machine = withAgent();
    const here = await on(machine).run('status', '--report', file, '-o', 'json');
    expect([here.code, JSON.parse(here.out).agent]).to.deep.equal([0, 'runs']);
    const there = await on(machine).run('status', '--report', file, '-o', 'json', '--bpffs', '/run/bpf');
    expect([there.code, JSON.parse(there.out).agent]).to.deep.equal([1, 'none']);
  });

  it('without a report says how to get one: exit 2', async () => {
    const { code, error } = await new CommandFixture().run('status', '--report', join(directory, 'none'));
    expect(code).to.equal(2);
    expect(error).to.match(
      /^Error: Cannot read report .*none: ENOENT, no agent has written it; start one with/,
    );
  });

  for (const content of [
    '',
    'null',
    '[]',
    '{}',
    '{"state":',
    JSON.stringify({ ...report(), turn: { startedAt: 'x' } }),
  ]) {
    it(`is not fooled by ${content.slice(0, 12) || 'an empty file'}: exit 2`, async () => {
      const { code, error } = await shown(content);
      expect([
        code,
        error.includes('it is not an agent’s report') || error.includes("it is not an agent's report"),
      ]).to.deep.equal([2, true]);
    });
  }
});
