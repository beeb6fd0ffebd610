import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { AgentFixture, startedAgent } from '../agent/testing/fixture.ts';
import type { MapSpec } from '../core/mapspec.ts';
import { Crash } from '../kernel/testing/fake/faults.ts';
import { FakeMachine } from '../kernel/testing/fake/machine.ts';
import { CommandFixture, type Ran } from './testing/commandfixture.ts';
import { entriesOf, makeForeign } from './testing/foreign.ts';
import { report } from './testing/reports.ts';

const ROOT = '/sys/fs/bpf';
const OUTER: MapSpec = { type: 'HashOfMaps', keySize: 4, valueSize: 4, maxEntries: 64, flags: 0 };
const INNER: MapSpec = { type: 'Hash', keySize: 4, valueSize: 4, maxEntries: 16, flags: 0 };

/** `tenants` is made by the agent, `flows` by somebody else and adopted; key 9 of it stays somebody else's. */
function declared(): AgentFixture {
  return new AgentFixture()
    .outer('tenants', { pin: 'xdp/tenants' })
    .inner('a/web', 'tenants', 1, { 10: 1 })
    .inner('a/dns', 'tenants', 2, { 10: 1 })
    .outer('flows', { pin: 'flows', provision: 'Adopt' })
    .inner('a/flow', 'flows', 1, { 7: 7 });
}

class Node {
  readonly machine = new FakeMachine();
  readonly fixture = new CommandFixture();

  constructor() {
    this.fixture.kernel = root => Object.assign(this.machine.openKernel({ root }), { close: () => {} });
  }

  static async filled(): Promise<Node> {
    const node = new Node();
    const stranger = node.machine.openKernel();
    const entries = entriesOf({ key: 4, value: 4 }, [[[5], [6]]]);
    const maps = [{ key: Uint8Array.of(9, 0, 0, 0), entries }];
    await makeForeign(stranger, { pin: `${ROOT}/flows`, outer: OUTER, template: INNER, maps });
    node.machine.kill(stranger);
    const kernel = node.machine.openKernel();
    await (await startedAgent(kernel, declared())).turn();
    node.machine.kill(kernel);
    return node;
  }

  /** Each command is a process of its own. */
  async clean(...args: readonly string[]): Promise<Ran> {
    const open = this.fixture.kernel!;
    let kernel: ReturnType<typeof this.machine.openKernel> | undefined;
    this.fixture.kernel = root => {
      const opened = this.machine.openKernel({ root });
      kernel = opened;
      return Object.assign(opened, { close: () => {} });
    };
    try {
      return await this.fixture.run('clean', ...args);
    } finally {
      this.fixture.kernel = open;
      if (kernel !== undefined) this.machine.kill(kernel);
    }
  }

  names(): readonly string[] {
    return Object.keys(this.machine.files()).toSorted();
  }
}

/** What is left of a bpffs on which this operator has worked and is gone from. */
const FOREIGN_ONLY = { '09000000': { '05000000': '06000000' } };

function expectOnlyForeign(node: Node): void {
  expect(node.names().filter(name => name.includes('innermap'))).to.deep.equal([]);
  expect(node.names()).to.include(`${ROOT}/flows`).and.not.include(`${ROOT}/xdp/tenants`);
  expect(node.machine.dump(`${ROOT}/flows`)).to.deep.equal(FOREIGN_ONLY);
  expect(node.machine.liveMaps(), 'the foreign outer map and its inner map').to.have.length(2);
}

describe('clean', () => {
  it('takes away all that is ours and nothing else', async () => {
    const node = await Node.filled();
    const { code, out, error } = await node.clean('--yes');
    expect(out).to.equal(
      'flows\n  1 key of the adopted outer map\n  1 inner map\n  its ledger\n' +
        `tenants\n  pin ${ROOT}/xdp/tenants\n  2 inner maps\n  its ledger\n`,
    );
    expect([code, error]).to.deep.equal([0, 'Removed 2 outer maps of 2\n']);
    expectOnlyForeign(node);
  });

  it('takes the report of the agent that worked here, not one of another bpffs, nor with one outer map alone', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'innermap-clean-'));
    const file = join(directory, 'status.json');
    const cleaned = async (bpffs: string, ...args: readonly string[]) => {
      writeFileSync(file, JSON.stringify(report({ bpffs })));
      const node = await Node.filled();
      return { ...(await node.clean('--yes', '--report', file, ...args)), stays: existsSync(file) };
    };
    try {
      expect(await cleaned('/run/bpf')).to.include({ code: 0, stays: true });
      expect(await cleaned(ROOT, 'tenants')).to.include({ code: 0, stays: true });
      expect(await cleaned(ROOT, '--dry-run')).to.include({ code: 0, stays: true });
      const gone = await cleaned(ROOT);
      expect(gone).to.include({ code: 0, stays: false });
      expect(gone.error).to.contain(`Removed the agent’s report ${file}\n`);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('of one outer map alone; the others stay', async () => {
    const node = await Node.filled();
    expect((await node.clean('tenants', '--yes')).code).to.equal(0);
    expect(node.names())
      .to.include(`${ROOT}/innermap/flows/outer`)
      .and.not.include(`${ROOT}/innermap/tenants`);
    expect(Object.keys(node.machine.dump(`${ROOT}/flows`))).to.deep.equal(['01000000', '09000000']);
  });

  it('asks, and does nothing unless the answer is yes', async () => {
    const node = await Node.filled();
    const before = node.names();
    for (const answer of ['', 'n', 'yes please', 'N']) {
      node.fixture.answers = [answer];
      const { code, error } = await node.clean();
      expect([code, error]).to.deep.equal([1, 'Nothing was removed\n']);
    }
    expect(node.names()).to.deep.equal(before);
    expect(node.fixture.questions[0]).to.equal('Remove all of this? [y/N] ');
    node.fixture.answers = ['Yes'];
    expect((await node.clean()).code).to.equal(0);
    expectOnlyForeign(node);
  });

  it('--dry-run and -o json show what would go, and change nothing', async () => {
    const node = await Node.filled();
    const before = node.machine.mutations;
    const { code, out } = await node.clean('--dry-run', '-o', 'json');
    expect([code, node.machine.mutations]).to.deep.equal([0, before]);
    expect(JSON.parse(out)).to.deep.equal([
      { name: 'flows', keys: 1, innerMaps: 1, strangers: [] },
      { name: 'tenants', pin: `${ROOT}/xdp/tenants`, keys: 0, innerMaps: 2, strangers: [] },
    ]);
    expect((await node.clean('-o', 'json')).error).to.contain('cannot ask: add --yes or --dry-run');
  });

  it('killed at any step, the same call does the rest', async function () {
    this.timeout(60_000);
    for (let step = 1; ; step++) {
      const node = await Node.filled();
      let left = step;
      node.machine.onMutation(mutation => {
        left -= 1;
        if (left === 0) throw new Crash(mutation);
      });
      await node.clean('--yes').catch(() => undefined);
      node.machine.onMutation(undefined);
      const crashed = left <= 0;
      expect((await node.clean('--yes')).code, `after a crash at step ${step}`).to.equal(0);
      expectOnlyForeign(node);
      if (crashed) continue;
      expect(step, 'steps that were walked').to.be.within(15, 100);
      return;
    }
  });

  it('refuses while an agent holds the lock, and names it', async () => {
    const node = await Node.filled();
    const agent = node.machine.openKernel();
    agent.pins.lock(`${ROOT}/innermap`);
    const { code, error } = await node.clean('--yes');
    expect(code).to.equal(2);
    expect(error).to.match(
      /^Error: Cannot clean \/sys\/fs\/bpf\/innermap: it is held by .*; stop that agent first, or name one outer map, which that agent is asked to remove\n$/,
    );
    expect(node.names()).to.include(`${ROOT}/xdp/tenants`);
  });

  it('a pin that names another map than ours stays, and is shown', async () => {
    const node = await Node.filled();
    const stranger = node.machine.openKernel();
    const other = stranger.createOuter(OUTER, INNER, 'other');
    stranger.pins.unlink(`${ROOT}/xdp/tenants`);
    stranger.pins.pin(other, `${ROOT}/xdp/tenants`, 0o600);
    other.close();
    const { code, out } = await node.clean('tenants', '--yes');
    expect(code).to.equal(0);
    expect(out).to.contain(
      `stays: pin ${ROOT}/xdp/tenants, which names a map that this operator did not make`,
    );
    expect(node.names()).to.include(`${ROOT}/xdp/tenants`).and.not.include(`${ROOT}/innermap/tenants`);
  });

  it('keys that somebody replaced in an adopted map stay', async () => {
    const node = await Node.filled();
    const stranger = node.machine.openKernel();
    const flows = stranger.open(`${ROOT}/flows`);
    const request = {
      spec: INNER,
      name: 'x',
      label: 'x',
      entries: entriesOf({ key: 4, value: 4 }, []),
      freeze: false,
    };
    const [built] = await stranger.build([{ ...request, pins: [`${ROOT}/x`] }]);
    if (built === undefined || built instanceof Error) throw new Error('not built');
    await stranger.replace(flows, Uint8Array.of(1, 0, 0, 0), [built]);
    built.close();
    flows.close();
    expect((await node.clean('--yes')).code).to.equal(0);
    expect(node.machine.dump(`${ROOT}/flows`)).to.deep.equal({ '01000000': {}, ...FOREIGN_ONLY });
  });

  it('an adopted map that its owner made anew: our keys leave the old and the new one', async () => {
    const node = await Node.filled();
    const owner = node.machine.openKernel();
    const before = owner.open(`${ROOT}/innermap/flows/outer`);
    const ours = owner.open(`${ROOT}/innermap/flows/inner/01000000`);
    const anew = owner.createOuter(OUTER, INNER, 'flows');
    await owner.replace(anew, Uint8Array.of(1, 0, 0, 0), [ours]);
    owner.pins.unlink(`${ROOT}/flows`);
    owner.pins.pin(anew, `${ROOT}/flows`, 0o600);
    expect((await node.clean('--yes')).code).to.equal(0);
    expect(node.machine.dump(`${ROOT}/flows`)).to.deep.equal({});
    expect((await owner.readOuter(before)).count, 'foreign key of the old map').to.equal(1);
  });

  it('without a record removes keys that are proven ours, and leaves the map and its pin', async () => {
    const node = await Node.filled();
    node.machine.openKernel().pins.unlink(`${ROOT}/innermap/tenants/spec`);
    expect((await node.clean('--yes')).code).to.equal(0);
    expect(node.machine.dump(`${ROOT}/xdp/tenants`)).to.deep.equal({});
    expect(node.names().filter(name => name.includes('innermap'))).to.deep.equal([]);
  });

  it('what others put into the ledger stays, is named, and hinders nothing else', async () => {
    const node = await Node.filled();
    const stranger = node.machine.openKernel();
    const flows = stranger.open(`${ROOT}/flows`);
    for (const path of ['tenants/mine', 'tenants/inner/theirs'])
      stranger.pins.pin(flows, `${ROOT}/innermap/${path}`, 0o600);
    flows.close();
    const { code, out } = await node.clean('--yes');
    expect(code).to.equal(0);
    expect(out)
      .to.contain(`stays: ${ROOT}/innermap/tenants/mine`)
      .and.contain(`stays: ${ROOT}/innermap/tenants/inner/theirs`);
    expect(node.names().filter(name => name.includes('innermap'))).to.deep.equal([
      `${ROOT}/innermap`,
      `${ROOT}/innermap/tenants`,
      `${ROOT}/innermap/tenants/inner`,
      `${ROOT}/innermap/tenants/inner/theirs`,
      `${ROOT}/innermap/tenants/mine`,
    ]);
  });

  it('a failure of one outer map costs the others nothing: exit 2', async () => {
    const node = await Node.filled();
    node.machine.failNext('remove', 'EPERM');
    const { code, error } = await node.clean('--yes');
    expect(code).to.equal(2);
    expect(error)
      .to.match(/^flows: Cannot .*EPERM/)
      .and.contain('Removed 1 outer map of 2');
    expect(node.names())
      .to.include(`${ROOT}/innermap/flows/spec`)
      .and.not.include(`${ROOT}/innermap/tenants`);
    expect((await node.clean('--yes')).code).to.equal(0);
    expectOnlyForeign(node);
  });

  it('where nothing was made says so, and does not ask', async () => {
    const node = new Node();
    const { code, out } = await node.clean();
    expect([code, out]).to.deep.equal([0, `Nothing to remove: this operator has made nothing in ${ROOT}\n`]);
    expect(node.fixture.questions).to.deep.equal([]);
    expect((await node.clean('tenants')).error).to.contain('Cannot find outer map tenants');
  });

  it('leaves no fd open', async () => {
    const node = await Node.filled();
    const kernel = node.machine.openKernel();
    node.fixture.kernel = () => Object.assign(kernel, { close: () => {} });
    await node.fixture.run('clean', '--yes');
    expect(node.machine.openFds(kernel)).to.equal(0);
  });
});
